package hesuan.coordinator;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.coordinator.schedule.Timing;
import hesuan.evidence.SigningKeys;
import hesuan.identity.KeyFiles;
import hesuan.job.StepHook;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A coordinator on free ports in a folder, callers of its API, and scripted agents. */
final class TestFederation implements AutoCloseable {
  static final Timing QUICK =
      new Timing(
          Duration.ofMillis(50),
          Duration.ofMillis(300),
          Duration.ofMillis(300),
          Duration.ofMillis(800),
          Duration.ofSeconds(3));

  final Path home;
  final SecureRandom random = new SecureRandom();
  Coordinator coordinator;
  final X509Certificate root;
  private final HttpClient http;

  private TestFederation(Path home, Coordinator coordinator) throws IOException {
    this.home = home;
    this.coordinator = coordinator;
    this.root = KeyFiles.read(home.resolve("keys/ca.pem")).root();
    this.http = HttpClient.newBuilder().sslContext(trusting(root)).build();
  }

  static TestFederation start(Path home) throws IOException {
    CoordinatorConfig config =
        new CoordinatorConfig(
            "test.fed",
            "127.0.0.1:0",
            "127.0.0.1:0",
            "127.0.0.1:0",
            List.of("localhost", "127.0.0.1"),
            Duration.ofHours(1));
    Coordinator.init(home, config, surroundings(StepHook.NONE));
    return new TestFederation(home, Coordinator.start(home, surroundings(StepHook.NONE)));
  }

  static Coordinator.Surroundings surroundings(StepHook hook) {
    return new Coordinator.Surroundings(Clock.systemUTC(), new SecureRandom(), QUICK, hook);
  }

  /** Closes the coordinator and starts it again from its folder, on new ports. */
  void restart(StepHook hook) {
    coordinator.close();
    coordinator = Coordinator.start(home, surroundings(hook));
  }

  static SSLContext trusting(X509Certificate root) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry("root", root);
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      SSLContext context = SSLContext.getInstance("TLSv1.3");
      context.init(null, factory.getTrustManagers(), null);
      return context;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  String operator() {
    try {
      return Coordinator.adminToken(home);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An answer of the API. */
  record Answer(int status, String text, HttpResponse<String> response) {
    JsonNode json() {
      return Json.tree(text.getBytes(StandardCharsets.UTF_8));
    }

    String code() {
      return json().path("code").asText();
    }
  }

  Answer get(@Nullable String token, String path) {
    return call(http, request(token, path).GET().build());
  }

  Answer delete(@Nullable String token, String path) {
    return call(http, request(token, path).DELETE().build());
  }

  Answer post(@Nullable String token, String path, Object body) {
    return postText(token, path, Json.canonicalText(body));
  }

  Answer postText(@Nullable String token, String path, String body) {
    return call(
        http,
        request(token, path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  HttpRequest.Builder request(@Nullable String token, String path) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create("https://" + coordinator.apiAddress() + "/api/v1" + path))
            .timeout(Duration.ofSeconds(20));
    return token == null ? builder : builder.header("Authorization", "Bearer " + token);
  }

  Answer call(HttpClient client, HttpRequest request) {
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.body(), response);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  HttpClient http() {
    return http;
  }

  /** A token of that party and role. */
  String token(PartyId party, String role) {
    Answer answer = post(operator(), "/tokens/api", Map.of("party", party.value(), "role", role));
    if (answer.status() != 201) {
      throw new IllegalStateException(answer.text());
    }
    return answer.json().path("token").asText();
  }

  String joinToken(PartyId party) {
    return post(operator(), "/tokens/join", Map.of("party", party.value()))
        .json()
        .path("token")
        .asText();
  }

  SigningKeys keys(PartyId party) {
    return SigningKeys.generate(party, random);
  }

  @Override
  public void close() {
    coordinator.close();
  }

  static Path fresh(String name) throws IOException {
    return Files.createTempDirectory("hesuan-" + name);
  }
}

package hesuan.cli;

import com.fasterxml.jackson.databind.JsonNode;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * One HTTPS API, of a coordinator or an agent. The server must be under the federation's root; what
 * it refuses comes back as the problem that it said.
 */
final class Api implements AutoCloseable {
  private static final Duration CONNECT_MAX = Duration.ofSeconds(4);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(60);
  private static final Duration READING_MAX = Duration.ofMinutes(30);

  private final String address;
  private final HttpClient client;
  private final Optional<String> token;

  /**
   * @param tls with this party's certificate, or with none but the federation's root
   * @param token for a caller without certificate
   */
  Api(String address, SSLContext tls, @Nullable String token) {
    this.address = address;
    this.token = Optional.ofNullable(token);
    this.client =
        HttpClient.newBuilder()
            .sslContext(tls)
            .sslParameters(TlsContexts.parameters())
            .connectTimeout(CONNECT_MAX)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
  }

  String address() {
    return address;
  }

  JsonNode get(String path) {
    return Json.tree(bytes(request(path).GET().build()));
  }

  /** As it came, byte for byte. */
  byte[] bytes(String path) {
    return bytes(request(path).GET().build());
  }

  JsonNode post(String path, Object body) {
    return post(path, body, ANSWER_MAX);
  }

  /** The agent reads the whole source before it answers. */
  JsonNode publish(Object request) {
    return post("/products", request, READING_MAX);
  }

  private JsonNode post(String path, Object body, Duration patience) {
    return Json.tree(
        bytes(
            request(path)
                .timeout(patience)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.canonical(body)))
                .build()));
  }

  /** An endless stream of lines: server-sent events. */
  HttpResponse<InputStream> stream(String path) {
    return send(HttpRequest.newBuilder(uri(path)).GET(), HttpResponse.BodyHandlers.ofInputStream());
  }

  private byte[] bytes(HttpRequest request) {
    try {
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() >= 400) {
        throw problem(response.statusCode(), response.body()).asException();
      }
      return response.body();
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ErrorCode.CANCELLED, address, "an answer", "interrupted");
    }
  }

  private HttpResponse<InputStream> send(
      HttpRequest.Builder request, HttpResponse.BodyHandler<InputStream> handler) {
    try {
      token.ifPresent(t -> request.header("Authorization", "Bearer " + t));
      HttpResponse<InputStream> response = client.send(request.build(), handler);
      if (response.statusCode() >= 400) {
        throw problem(response.statusCode(), response.body().readAllBytes()).asException();
      }
      return response;
    } catch (IOException e) {
      throw unreachable(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ErrorCode.CANCELLED, address, "an answer", "interrupted");
    }
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(ANSWER_MAX);
    token.ifPresent(t -> request.header("Authorization", "Bearer " + t));
    return request;
  }

  private URI uri(String path) {
    return URI.create("https://" + address + "/api/v1" + path);
  }

  private ProblemException unreachable(IOException e) {
    return new ProblemException(
        ErrorCode.PEER_UNREACHABLE,
        address,
        "an HTTPS answer",
        e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
  }

  private Problem problem(int status, byte[] body) {
    try {
      JsonNode reply = Json.tree(body);
      return new Problem(
          ErrorCode.of(reply.path("code").asText()),
          reply.path("at").asText(),
          reply.path("expected").asText(),
          reply.path("found").asText());
    } catch (ProblemException e) {
      return new Problem(
          ErrorCode.INTERNAL,
          address,
          "a problem document",
          "status " + status + ", " + new String(body, StandardCharsets.UTF_8).strip());
    }
  }

  @Override
  public void close() {
    client.close();
  }
}

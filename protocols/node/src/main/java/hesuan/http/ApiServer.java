package hesuan.http;

import hesuan.identity.TlsContexts;
import hesuan.transport.Address;
import io.micronaut.context.ApplicationContext;
import io.micronaut.http.server.exceptions.ServerStartupException;
import io.micronaut.runtime.server.EmbeddedServer;
import io.netty.handler.ssl.ClientAuth;
import java.util.List;
import java.util.Map;

/**
 * The HTTPS port. Micronaut is the business of this package and of controllers: the rest is given
 * finished.
 */
public final class ApiServer implements AutoCloseable {
  private static final int REQUEST_BYTES_MAX = 1 << 20;

  private final ApplicationContext context;
  private final EmbeddedServer server;

  private ApiServer(ApplicationContext context, EmbeddedServer server) {
    this.context = context;
    this.server = server;
  }

  /**
   * @param name of the service, for logs
   * @param parts what the controllers call; no class twice. A controller that requires one of them
   *     is served where it is given, and only there
   */
  public static ApiServer start(String name, Address bind, TlsContexts tls, List<Object> parts) {
    ApplicationContext context =
        ApplicationContext.builder()
            .mainClass(ApiServer.class)
            .deduceEnvironment(false)
            .deduceCloudEnvironment(false)
            .environmentPropertySource(false)
            .bootstrapEnvironment(false)
            .banner(false)
            .properties(
                Map.ofEntries(
                    Map.entry("micronaut.application.name", name),
                    Map.entry("micronaut.server.host", bind.host()),
                    Map.entry("micronaut.server.ssl.enabled", true),
                    Map.entry("micronaut.server.ssl.port", bind.port()),
                    Map.entry("micronaut.server.dual-protocol", false),
                    Map.entry("micronaut.server.max-request-size", REQUEST_BYTES_MAX),
                    Map.entry("micronaut.server.netty.max-header-size", 16 << 10),
                    Map.entry("micronaut.server.date-header", false),
                    Map.entry("micronaut.server.http-version", "1.1"),
                    Map.entry("micronaut.server.idle-timeout", "60s"),
                    Map.entry("jackson.module-scan", false)))
            .singletons(tls, tls.nettyServer(ClientAuth.OPTIONAL))
            .singletons(parts.toArray())
            .build()
            .start();
    try {
      return new ApiServer(context, context.getBean(EmbeddedServer.class).start());
    } catch (ServerStartupException e) {
      context.close();
      throw bind.notListening(e);
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
  }

  public int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    server.stop();
    context.close();
  }
}

package hesuan.http;

import io.micronaut.context.annotation.Replaces;
import io.micronaut.http.server.netty.ssl.CertificateProvidedSslBuilder;
import io.micronaut.http.server.netty.ssl.ServerSslBuilder;
import io.micronaut.http.ssl.ServerSslConfiguration;
import io.netty.handler.ssl.SslContext;
import jakarta.inject.Singleton;
import java.util.Optional;

/** Hands Micronaut the TLS context made from the federation's own authority. */
@Singleton
@Replaces(CertificateProvidedSslBuilder.class)
final class EdgeTls implements ServerSslBuilder {
  private final ServerSslConfiguration configuration;
  private final SslContext context;

  EdgeTls(ServerSslConfiguration configuration, SslContext context) {
    this.configuration = configuration;
    this.context = context;
  }

  @Override
  public ServerSslConfiguration getSslConfiguration() {
    return configuration;
  }

  @Override
  public Optional<SslContext> build() {
    return Optional.of(context);
  }
}

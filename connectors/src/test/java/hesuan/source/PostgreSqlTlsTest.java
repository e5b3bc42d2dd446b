package hesuan.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import hesuan.source.PostgreSqlServer.Tls;
import hesuan.wire.ErrorCode;
import hesuan.wire.Problem;
import hesuan.wire.Product.Column;
import hesuan.wire.Product.ColumnType;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against a real server with TLS, whose certificate is for {@code localhost} and which lets nobody
 * read without TLS.
 */
class PostgreSqlTlsTest {
  private static final TestAuthority AUTHORITY = new TestAuthority("databases of the shop");
  private static final TestAuthority OTHER = new TestAuthority("databases of the shop");

  /** What a client sends first that would have TLS: its length and a number. */
  private static final byte[] TLS_REQUEST = {0, 0, 0, 8, 4, (byte) 210, 22, 47};

  @TempDir static Path directory;
  private static EmbeddedPostgres server;
  private static Path root;

  @BeforeAll
  static void start() throws IOException {
    Path certificate = directory.resolve("server.crt");
    Path key = directory.resolve("server.key");
    AUTHORITY.issue("localhost", 9, certificate, key);
    root = AUTHORITY.root(directory.resolve("root.crt"));
    server =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "off")
            .setServerConfig("ssl", "on")
            .setServerConfig("ssl_cert_file", certificate.toString())
            .setServerConfig("ssl_key_file", key.toString())
            .start();
    sql(
        "CREATE ROLE reader LOGIN PASSWORD '" + TestPostgres.PASSWORD + "'",
        "CREATE TABLE people AS SELECT '138' AS phone",
        "CREATE VIEW way AS SELECT ssl AS sealed, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        "GRANT SELECT ON people, way TO reader",
        """
        DO $$ BEGIN EXECUTE format(
          'COPY (VALUES (%L), (%L), (%L)) TO %L',
          'hostssl all reader 127.0.0.1/32 scram-sha-256',
          'host all postgres 127.0.0.1/32 trust',
          'local all all trust',
          current_setting('hba_file')); END $$""",
        "SELECT pg_reload_conf()");
  }

  @AfterAll
  static void end() throws IOException {
    server.close();
  }

  private static void sql(String... statements) {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Source.PostgreSql source(
      String table, String host, int port, Tls tls, @Nullable Path trusted) {
    return new Source.PostgreSql(
        new PostgreSqlServer(host, port, "postgres"),
        table,
        TestPostgres.READER,
        new Password.InFile(TestPostgres.passwordFile(directory, TestPostgres.PASSWORD)),
        tls,
        trusted,
        20,
        Map.of());
  }

  private static Source.PostgreSql people(String host, Tls tls, @Nullable Path trusted) {
    return source("people", host, server.getPort(), tls, trusted);
  }

  private static void read(Source.PostgreSql source, Column... columns) {
    SourceReader.open(source, List.of(columns), ReadLimits.in(directory.resolve("spill"))).close();
  }

  private static void read(Source.PostgreSql source) {
    read(source, new Column("phone", ColumnType.STRING));
  }

  private static void refusedAsTls(Source.PostgreSql source) {
    Problem problem = Samples.refused(ErrorCode.SOURCE_OFFLINE, () -> read(source));
    assertEquals("TLS by sslmode " + source.tls().word(), problem.expected());
    assertFalse(problem.sentence(false).matches("(?s).*(reader|horse|localhost|127).*"));
  }

  @Test
  void serverOfTheTrustedAuthority_underItsName_isRead() {
    read(people("localhost", Tls.VERIFY_FULL, root));
    read(people("127.0.0.1", Tls.VERIFY_CA, root));
  }

  @Test
  void serverUnderAnotherName_orOfAnotherAuthority_isRefused() {
    refusedAsTls(people("127.0.0.1", Tls.VERIFY_FULL, root));
    Path other = OTHER.root(directory.resolve("other.crt"));
    for (Tls tls : List.of(Tls.VERIFY_FULL, Tls.VERIFY_CA)) {
      refusedAsTls(people("localhost", tls, other));
      // those that Java trusts, of which ours is none
      refusedAsTls(people("localhost", tls, null));
    }
  }

  /** Of the modes that verify nobody: they keep those out who only listen. */
  @Test
  void modesWithoutAuthority_goBySealedConnection() throws Exception {
    for (Tls tls : List.of(Tls.PREFER, Tls.REQUIRE)) {
      Source.PostgreSql way = source("way", "localhost", server.getPort(), tls, null);
      Column sealed = new Column("sealed", ColumnType.BOOLEAN);
      try (SourceReader reader =
              SourceReader.open(way, List.of(sealed), ReadLimits.in(directory.resolve("spill")));
          Connection connection = reader.connection();
          Statement statement = connection.createStatement();
          var row = statement.executeQuery("SELECT sealed FROM part")) {
        row.next();
        assertEquals(true, row.getBoolean(1), tls.word());
      }
    }
    Samples.refused(ErrorCode.SOURCE_REFUSED, () -> read(people("localhost", Tls.DISABLE, null)));
  }

  @Test
  void expiredCertificate_isRefused_andItsSuccessorRead() {
    Path certificate = directory.resolve("server.crt");
    Path key = directory.resolve("server.key");
    AUTHORITY.issue("localhost", -1, certificate, key);
    sql("SELECT pg_reload_conf()");
    try {
      awaitRefusal(people("localhost", Tls.VERIFY_FULL, root));
    } finally {
      AUTHORITY.issue("localhost", 9, certificate, key);
      sql("SELECT pg_reload_conf()");
    }
    awaitRead(people("localhost", Tls.VERIFY_FULL, root));
  }

  /** The server takes its new files up within moments. */
  private static void awaitRefusal(Source.PostgreSql source) {
    for (int tries = 0; tries < 50; tries++) {
      try {
        read(source);
        pause();
      } catch (hesuan.wire.ProblemException e) {
        break;
      }
    }
    refusedAsTls(source);
  }

  private static void awaitRead(Source.PostgreSql source) {
    for (int tries = 0; tries < 50; tries++) {
      try {
        read(source);
        return;
      } catch (hesuan.wire.ProblemException e) {
        pause();
      }
    }
    read(source);
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Who stands between says that there is no TLS here, and hopes for the password. */
  @Test
  void whoTakesTlsAway_getsNothing() throws Exception {
    for (Tls tls : List.of(Tls.VERIFY_FULL, Tls.VERIFY_CA, Tls.REQUIRE)) {
      try (ServerSocket between = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        CompletableFuture<byte[]> heard =
            CompletableFuture.supplyAsync(
                () -> {
                  try (Socket client = between.accept();
                      InputStream in = client.getInputStream()) {
                    byte[] request = in.readNBytes(TLS_REQUEST.length);
                    client.getOutputStream().write('N');
                    byte[] more = in.readAllBytes();
                    assertEquals(0, more.length, "sent in the clear");
                    return request;
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
        refusedAsTls(source("people", "localhost", between.getLocalPort(), tls, root));
        assertArrayEquals(TLS_REQUEST, heard.get());
      }
    }
  }

  /** Where nothing is said, a server elsewhere is verified by its name. */
  @Test
  void modeThatNobodyChose_verifiesTheServersName_exceptOnThisMachine() {
    assertEquals(Tls.VERIFY_FULL, Tls.of(null, new PostgreSqlServer("db.shop.example", 5432, "x")));
    assertEquals(Tls.VERIFY_FULL, Tls.of(null, new PostgreSqlServer("10.0.0.7", 5432, "x")));
    assertEquals(Tls.PREFER, Tls.of(null, new PostgreSqlServer("localhost", 5432, "x")));
  }
}

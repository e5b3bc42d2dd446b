package hesuan.transport;

import hesuan.identity.TlsContexts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/** Speaks TLS with each side in the other's name and passes on the plain bytes as they are. */
final class MiddleMan implements AutoCloseable {
  private final SSLServerSocket listening;
  private final TlsContexts asClient;
  private final Address target;
  private final AtomicLong passed = new AtomicLong();

  MiddleMan(TlsContexts asServer, TlsContexts asClient, Address target) throws IOException {
    this.asClient = asClient;
    this.target = target;
    listening =
        (SSLServerSocket)
            asServer
                .jdk()
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getLoopbackAddress());
    listening.setNeedClientAuth(true);
    Thread.ofVirtual().start(this::accept);
  }

  Address address() {
    return new Address("127.0.0.1", listening.getLocalPort());
  }

  long passed() {
    return passed.get();
  }

  private void accept() {
    try {
      while (!listening.isClosed()) {
        SSLSocket in = (SSLSocket) listening.accept();
        SSLSocket out =
            (SSLSocket)
                asClient.jdk().getSocketFactory().createSocket(target.host(), target.port());
        Thread.ofVirtual().start(() -> copy(in, out));
        Thread.ofVirtual().start(() -> copy(out, in));
      }
    } catch (IOException e) {
      passed.addAndGet(0);
    }
  }

  private void copy(SSLSocket from, SSLSocket to) {
    byte[] buffer = new byte[16384];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        passed.addAndGet(n);
      }
    } catch (IOException e) {
      passed.addAndGet(0);
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}

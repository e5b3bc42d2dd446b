package hesuan.transport;

import com.google.protobuf.ByteString;
import hesuan.control.ControlGrpc;
import hesuan.control.EnrolReply;
import hesuan.control.EnrolRequest;
import hesuan.control.EnrolmentGrpc;
import hesuan.control.FromAgent;
import hesuan.control.Pong;
import hesuan.control.RenewReply;
import hesuan.control.RenewRequest;
import hesuan.control.ToAgent;
import hesuan.identity.CertificateRequest;
import hesuan.identity.Certificates;
import hesuan.identity.Identity;
import hesuan.identity.JoinToken;
import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An agent's line to its coordinator: dialled from here, kept up for good. A line that is cut or
 * silent is found within 5 s and dialled again after a growing, jittered pause. What was sent on a
 * lost line may be lost: the agent says it again until answered.
 */
public final class ControlClient implements AutoCloseable {
  /** Told in order, one call after the other, on virtual threads; may block. */
  public interface Listener {
    /** A line is up; say hello and whatever is unanswered. */
    void connected();

    void received(ToAgent message);

    void disconnected(Problem why);
  }

  /** What an agent takes home from enrolment. */
  public record Enrolled(Identity identity, String federation, byte[] coordinatorKeys) {}

  private static final long PAUSE_MIN_MILLIS = 100;
  private static final long PAUSE_MAX_MILLIS = 5_000;
  private static final long SLOW_MILLIS = 5_000;
  private static final int CALL_MILLIS_MAX = 10_000;
  private static final int MEET_MILLIS_MAX = 10_000;
  private static final int DIALLING_BEATS_MAX = 20;
  private static final int TRIES_MAX = 3;
  private static final Logger log = LoggerFactory.getLogger(ControlClient.class);

  private final Address coordinator;
  private final TlsContexts tls;
  private final Clock clock;
  private final RandomGenerator jitter;
  private final Listener listener;

  /** Not virtual: what this agent computes may hold those up, and must not hold up its line. */
  private final ExecutorService callbacks =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("control-hearing-", 0).factory());

  private final ScheduledExecutorService heartbeats =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("control-heartbeat").factory());
  private final Ordered work = new Ordered("control-work");
  private final AtomicReference<@Nullable Line> current = new AtomicReference<>();
  private final Thread dialler;
  private volatile @Nullable Line dialled;
  private volatile @Nullable Problem lastEnd;
  private volatile boolean closed;

  private ControlClient(
      Address coordinator,
      TlsContexts tls,
      Clock clock,
      RandomGenerator jitter,
      Listener listener) {
    this.coordinator = coordinator;
    this.tls = tls;
    this.clock = clock;
    this.jitter = jitter;
    this.listener = listener;
    this.dialler = Thread.ofVirtual().name("control-line").unstarted(this::keepUp);
  }

  public static ControlClient start(
      Address coordinator,
      TlsContexts tls,
      Clock clock,
      RandomGenerator jitter,
      Listener listener) {
    ControlClient client = new ControlClient(coordinator, tls, clock, jitter, listener);
    client.dialler.start();
    client.heartbeats.scheduleWithFixedDelay(
        client::heartbeat, Silence.BEAT_MILLIS, Silence.BEAT_MILLIS, TimeUnit.MILLISECONDS);
    return client;
  }

  /**
   * Joins: looks at the coordinator's certificate, which must be under the token's root, and asks
   * for one of our own for a fresh key.
   *
   * @param keys canonical JSON of the party's public signing keys
   * @param proof their envelope over themselves
   */
  public static Enrolled enrol(
      Address coordinator,
      String token,
      PartyId party,
      byte[] keys,
      byte[] proof,
      Clock clock,
      SecureRandom random) {
    TlsContexts.Pinned pinned = new TlsContexts.Pinned(JoinToken.parse(token).root(), clock);
    meet(coordinator, pinned);
    KeyPair key = Certificates.newKey(random);
    SpiffeId id = SpiffeId.party(pinned.federation(), party);
    EnrolRequest request =
        EnrolRequest.newBuilder()
            .setToken(token.strip())
            .setParty(party.value())
            .setCertificateRequest(ByteString.copyFrom(CertificateRequest.create(key, id)))
            .setKeys(ByteString.copyFrom(keys))
            .setProof(ByteString.copyFrom(proof))
            .build();
    ManagedChannel channel = channel(coordinator, pinned.netty("h2"));
    try {
      EnrolReply reply = ask(channel, request);
      Identity identity =
          new Identity(key.getPrivate(), leaf(reply.getCertificateChainList()), pinned.root());
      checkOurs(identity, id, key, clock);
      return new Enrolled(identity, pinned.federation(), reply.getCoordinatorKeys().toByteArray());
    } catch (StatusRuntimeException e) {
      throw GrpcProblems.problem(e, coordinator.toString()).asException();
    } finally {
      channel.shutdownNow();
    }
  }

  /** An answer may get lost after the token was used; the same key may ask again. */
  private static EnrolReply ask(ManagedChannel channel, EnrolRequest request) {
    for (int tries = 1; ; tries++) {
      try {
        return EnrolmentGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_MILLIS_MAX, TimeUnit.MILLISECONDS)
            .enrol(request);
      } catch (StatusRuntimeException e) {
        boolean lost =
            e.getStatus().getCode() == Status.Code.UNAVAILABLE
                || e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED;
        if (!lost || tries == TRIES_MAX) {
          throw e;
        }
      }
    }
  }

  private static void checkOurs(Identity identity, SpiffeId id, KeyPair key, Clock clock) {
    SpiffeId given =
        Certificates.verify(
            List.of(identity.certificate()), identity.root(), clock.instant(), true);
    if (!given.equals(id) || !identity.certificate().getPublicKey().equals(key.getPublic())) {
      throw new ProblemException(
          ErrorCode.CERTIFICATE_REFUSED, "enrolment", "a certificate for " + id, "" + given);
    }
  }

  /** A handshake and no more: who is the coordinator, and of which federation. */
  private static void meet(Address coordinator, TlsContexts.Pinned pinned) {
    try (SSLSocket socket = (SSLSocket) pinned.jdk().getSocketFactory().createSocket()) {
      socket.setSSLParameters(TlsContexts.parameters());
      socket.setSoTimeout(MEET_MILLIS_MAX);
      socket.connect(coordinator.resolve(), MEET_MILLIS_MAX);
      socket.startHandshake();
    } catch (IOException e) {
      throw GrpcProblems.problem(e, coordinator.toString()).asException();
    }
  }

  private static X509Certificate leaf(List<ByteString> chain) {
    if (chain.isEmpty()) {
      throw new ProblemException(
          ErrorCode.CERTIFICATE_REFUSED, "coordinator", "a certificate", "none");
    }
    return Certificates.decode(chain.getFirst().toByteArray());
  }

  private static ManagedChannel channel(Address address, SslContext context) {
    return NettyChannelBuilder.forAddress(address.host(), address.port())
        .sslContext(context)
        .overrideAuthority("coordinator")
        .maxInboundMessageSize(ControlServer.MESSAGE_BYTES_MAX)
        .disableRetry()
        .build();
  }

  /** Whether a line is up, as far as can be known. */
  public boolean isConnected() {
    return current.get() != null;
  }

  /** Why the last line ended, for as long as it is the last. */
  public Optional<Problem> problem() {
    return isConnected() ? Optional.empty() : Optional.ofNullable(lastEnd);
  }

  /**
   * Hands a message to the line; blocks for a slow coordinator.
   *
   * @return false if no line is up, and then nothing was sent; true promises nothing
   */
  public boolean send(FromAgent message) {
    Line line = current.get();
    return line != null && line.send(message);
  }

  /** Asks for a certificate under the current one, on a connection of its own. */
  public X509Certificate renew(byte[] certificateRequest) {
    ManagedChannel channel = channel(coordinator, tls.nettyClient("h2"));
    try {
      RenewReply reply =
          ControlGrpc.newBlockingStub(channel)
              .withDeadlineAfter(CALL_MILLIS_MAX, TimeUnit.MILLISECONDS)
              .renew(
                  RenewRequest.newBuilder()
                      .setCertificateRequest(ByteString.copyFrom(certificateRequest))
                      .build());
      return leaf(reply.getCertificateChainList());
    } catch (StatusRuntimeException e) {
      throw GrpcProblems.problem(e, coordinator.toString()).asException();
    } finally {
      channel.shutdownNow();
    }
  }

  /**
   * Hangs up in good order and dials again with the current certificate: what was sent has arrived,
   * what was being said to us is heard out.
   */
  public void redial() {
    Line line = current.get();
    if (line != null) {
      line.hangUp();
    }
  }

  private void heartbeat() {
    Line line = dialled;
    try {
      if (line != null) {
        line.beat();
      }
    } catch (RuntimeException e) {
      // Escaping, it would end the heartbeats for good.
      log.error("defect in the heartbeat", e);
    }
  }

  private void keepUp() {
    long pause = PAUSE_MIN_MILLIS;
    while (!closed) {
      Line line = new Line();
      dialled = line;
      boolean wasUp = line.live();
      pause = wasUp && !line.isRefused() ? PAUSE_MIN_MILLIS : Math.min(2 * pause, PAUSE_MAX_MILLIS);
      try {
        if (!line.inGoodOrder) {
          Thread.sleep(pause / 2 + jitter.nextLong(pause));
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    redial();
    try {
      dialler.join(Duration.ofSeconds(1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    dialler.interrupt();
    heartbeats.shutdownNow();
    work.end();
    callbacks.shutdown();
  }

  /** One connection with one stream, from dialling to its end. */
  private final class Line implements ClientResponseObserver<FromAgent, ToAgent> {
    private final ManagedChannel channel = channel(coordinator, tls.nettyClient("h2"));
    private final CountDownLatch ended = new CountDownLatch(1);
    private final ReentrantLock sending = new ReentrantLock();
    private final Condition ready = sending.newCondition();
    private volatile @Nullable ClientCallStreamObserver<FromAgent> out;
    private final Silence silence = new Silence();
    private volatile boolean up;
    private volatile boolean hangingUp;
    private volatile boolean inGoodOrder;
    private volatile @Nullable Problem why;

    /** Returns when the line is over; whether it had been up. */
    boolean live() {
      try {
        ControlGrpc.newStub(channel).withExecutor(callbacks).connect(this);
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        over(new Problem(ErrorCode.CANCELLED, coordinator.toString(), "a line", "closing"));
      } finally {
        current.compareAndSet(this, null);
        channel.shutdownNow();
      }
      Problem reason = why;
      lastEnd = reason;
      if (up && reason != null) {
        work.event(() -> guarded(() -> listener.disconnected(reason)));
      } else if (reason != null) {
        log.warn("no line to the coordinator: {}", reason.sentence(false));
      }
      return up;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<FromAgent> stream) {
      out = stream;
      stream.setOnReadyHandler(this::wake);
    }

    private void wake() {
      sending.lock();
      try {
        ready.signalAll();
      } finally {
        sending.unlock();
      }
    }

    boolean send(FromAgent message) {
      ClientCallStreamObserver<FromAgent> stream = out;
      sending.lock();
      try {
        long nanos = TimeUnit.MILLISECONDS.toNanos(SLOW_MILLIS);
        while (stream != null && isOpen() && !stream.isReady() && nanos > 0) {
          ready.awaitNanos(ControlServer.LOOK_NANOS);
          nanos -= ControlServer.LOOK_NANOS;
        }
        if (stream == null || !isOpen() || !stream.isReady()) {
          return false;
        }
        stream.onNext(message);
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } finally {
        sending.unlock();
      }
    }

    private boolean isOpen() {
      return ended.getCount() > 0 && !hangingUp;
    }

    /** For a reason that does not go away by dialling again at once. */
    boolean isRefused() {
      Problem reason = why;
      return reason != null
          && (reason.code() == ErrorCode.PEER_VERSION || reason.code() == ErrorCode.CONFLICT);
    }

    /** Must not wait. Until the line is up, it may take longer: a handshake has many parts. */
    void beat() {
      int patience = up ? Silence.BEATS_MAX : DIALLING_BEATS_MAX;
      if (silence.beat() >= patience) {
        over(
            new Problem(
                ErrorCode.PEER_SILENT,
                coordinator.toString(),
                "a heartbeat",
                "none for " + silence.millis() + " ms"));
      } else if (up && sending.tryLock()) {
        try {
          ClientCallStreamObserver<FromAgent> stream = out;
          if (stream != null && isOpen() && stream.isReady()) {
            stream.onNext(
                FromAgent.newBuilder()
                    .setPong(Pong.newBuilder().setClockMillis(clock.millis()))
                    .build());
          }
        } finally {
          sending.unlock();
        }
      }
    }

    /** The server's first message, at the latest its first ping, says that the line is up. */
    @Override
    public void onNext(ToAgent message) {
      silence.heard();
      if (!up) {
        up = true;
        current.set(this);
        work.event(() -> guarded(listener::connected));
      }
      if (!message.hasPing()) {
        silence.occupied(() -> work.message(() -> guarded(() -> listener.received(message))));
      }
    }

    private void guarded(Runnable call) {
      try {
        call.run();
      } catch (ProblemException e) {
        over(e.problem());
      } catch (RuntimeException e) {
        log.error("defect while serving the coordinator", e);
        over(new Problem(ErrorCode.INTERNAL, "agent", "an answer", "a defect; see its log"));
      }
    }

    void hangUp() {
      sending.lock();
      try {
        ClientCallStreamObserver<FromAgent> stream = out;
        if (stream != null && isOpen()) {
          hangingUp = true;
          stream.onCompleted();
        }
      } finally {
        sending.unlock();
      }
    }

    @Override
    public void onError(Throwable thrown) {
      over(GrpcProblems.problem(thrown, coordinator.toString()));
    }

    @Override
    public void onCompleted() {
      inGoodOrder = hangingUp;
      over(new Problem(ErrorCode.PEER_SILENT, coordinator.toString(), "a line", "closed"));
    }

    private void over(Problem problem) {
      if (why == null) {
        why = problem;
      }
      ended.countDown();
      wake();
    }
  }
}

package hesuan.transport;

import com.google.protobuf.ByteString;
import hesuan.control.ControlGrpc;
import hesuan.control.EnrolReply;
import hesuan.control.EnrolRequest;
import hesuan.control.EnrolmentGrpc;
import hesuan.control.FromAgent;
import hesuan.control.Ping;
import hesuan.control.RenewReply;
import hesuan.control.RenewRequest;
import hesuan.control.ToAgent;
import hesuan.identity.Certificates;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.ClientAuth;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The coordinator's gRPC port. Enrolment is open to whoever brings a token; everything else asks
 * for a certificate of this federation, and its SPIFFE id is the caller. One line per party: a new
 * one replaces the old, which may be half-open.
 */
public final class ControlServer implements AutoCloseable {
  static final int MESSAGE_BYTES_MAX = 4 << 20;

  /** For connections without a line, on which no heartbeat tells that they are dead. */
  private static final long KEEP_ALIVE_MILLIS = 30_000;

  private static final long SLOW_MILLIS = 5_000;

  /** No longer than an agent waits that dials: both may have just started, on a busy machine. */
  private static final long HANDSHAKE_MILLIS = 10_000;

  static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int CALLS_PER_CONNECTION_MAX = 16;
  private static final String CONNECT = ControlGrpc.getConnectMethod().getFullMethodName();
  private static final Context.Key<PartyId> CALLER = Context.key("hesuan-caller");
  private static final Context.Key<Instant> CALLER_UNTIL = Context.key("hesuan-caller-until");
  private static final Logger log = LoggerFactory.getLogger(ControlServer.class);

  private final TlsContexts tls;
  private final ControlHandler handler;
  private final Clock clock;
  private final Map<PartyId, Line> lines = new ConcurrentHashMap<>();
  private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();

  /** Lines are heard on threads that no computation of ours holds up, as virtual ones may be. */
  private final ExecutorService hearing =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("control-hearing-", 0).factory());

  private final ScheduledExecutorService heartbeats =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("control-heartbeat").factory());
  private final Server server;

  private ControlServer(Address bind, TlsContexts tls, ControlHandler handler, Clock clock) {
    this.tls = tls;
    this.handler = handler;
    this.clock = clock;
    this.server =
        NettyServerBuilder.forAddress(bind.resolve())
            .sslContext(tls.nettyServer(ClientAuth.OPTIONAL, "h2"))
            .executor(callbacks)
            .callExecutor(new LinesAside())
            .maxInboundMessageSize(MESSAGE_BYTES_MAX)
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION_MAX)
            .keepAliveTime(KEEP_ALIVE_MILLIS, TimeUnit.MILLISECONDS)
            .handshakeTimeout(HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS)
            .addService(new EnrolmentService())
            .addService(new ControlService())
            .intercept(new CallerByCertificate())
            .build();
    try {
      server.start();
    } catch (IOException e) {
      throw bind.notListening(e);
    }
    heartbeats.scheduleWithFixedDelay(
        () -> lines.values().forEach(Line::heartbeat),
        Silence.BEAT_MILLIS,
        Silence.BEAT_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  public static ControlServer start(
      Address bind, TlsContexts tls, ControlHandler handler, Clock clock) {
    return new ControlServer(bind, tls, handler, clock);
  }

  public int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    Problem why =
        new Problem(ErrorCode.PEER_UNREACHABLE, "coordinator", "a running coordinator", "shutdown");
    lines.values().forEach(line -> line.close(why));
    heartbeats.shutdownNow();
    server.shutdown();
    try {
      if (!server.awaitTermination(2, TimeUnit.SECONDS)) {
        server.shutdownNow();
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    callbacks.shutdown();
    hearing.shutdown();
  }

  private final class LinesAside implements ServerCallExecutorSupplier {
    @Override
    public <Q, A> Executor getExecutor(ServerCall<Q, A> call, Metadata metadata) {
      return call.getMethodDescriptor().getFullMethodName().equals(CONNECT) ? hearing : callbacks;
    }
  }

  /** Checks the certificate at every call, since TLS may have resumed an older session. */
  private final class CallerByCertificate implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      if (EnrolmentGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())) {
        return next.startCall(call, headers);
      }
      try {
        SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        if (session == null) {
          throw new ProblemException(
              ErrorCode.NOT_AUTHENTICATED, "connection", "TLS 1.3", "no TLS");
        }
        PartyId caller = tls.peer(session, false).requireParty();
        Instant until = TlsContexts.peerCertificate(session).getNotAfter().toInstant();
        return Contexts.interceptCall(
            Context.current().withValue(CALLER, caller).withValue(CALLER_UNTIL, until),
            call,
            headers,
            next);
      } catch (ProblemException e) {
        log.warn(
            "call from {} refused: {}",
            call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
            e.getMessage());
        call.close(GrpcProblems.status(e.problem()), GrpcProblems.trailers(e.problem()));
        return new ServerCall.Listener<>() {};
      }
    }
  }

  private final class EnrolmentService extends EnrolmentGrpc.EnrolmentImplBase {
    @Override
    public void enrol(EnrolRequest request, StreamObserver<EnrolReply> reply) {
      answer(reply, () -> handler.enrol(request));
    }
  }

  private final class ControlService extends ControlGrpc.ControlImplBase {
    @Override
    public void renew(RenewRequest request, StreamObserver<RenewReply> reply) {
      PartyId caller = CALLER.get();
      answer(
          reply,
          () -> {
            byte[] wanted = request.getCertificateRequest().toByteArray();
            return RenewReply.newBuilder()
                .addCertificateChain(
                    ByteString.copyFrom(Certificates.encoded(handler.renew(caller, wanted))))
                .build();
          });
    }

    @Override
    public StreamObserver<FromAgent> connect(StreamObserver<ToAgent> out) {
      Line line =
          new Line(CALLER.get(), CALLER_UNTIL.get(), (ServerCallStreamObserver<ToAgent>) out);
      Line before = lines.put(line.party, line);
      if (before != null) {
        before.close(
            new Problem(
                ErrorCode.CONFLICT, line.party.value(), "one line a party", "a newer line"));
      }
      line.up();
      return line;
    }
  }

  private interface Answer<T> {
    T get();
  }

  private static <T> void answer(StreamObserver<T> reply, Answer<T> answer) {
    T value;
    try {
      value = answer.get();
    } catch (ProblemException e) {
      reply.onError(GrpcProblems.exception(e.problem()));
      return;
    } catch (RuntimeException e) {
      log.error("defect while answering an agent", e);
      reply.onError(GrpcProblems.exception(defect()));
      return;
    }
    reply.onNext(value);
    reply.onCompleted();
  }

  private static Problem defect() {
    return new Problem(ErrorCode.INTERNAL, "coordinator", "an answer", "a defect; see its log");
  }

  private final class Line implements AgentLine, StreamObserver<FromAgent> {
    private final PartyId party;
    private final Instant until;
    private final ServerCallStreamObserver<ToAgent> out;
    private final ReentrantLock sending = new ReentrantLock();
    private final Condition ready = sending.newCondition();
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final Ordered work;
    private final Silence silence = new Silence();
    private volatile long clockSkewMillis;

    Line(PartyId party, Instant until, ServerCallStreamObserver<ToAgent> out) {
      this.party = party;
      this.until = until;
      this.out = out;
      this.work = new Ordered("line-" + party);
      out.setOnReadyHandler(this::wake);
      out.setOnCancelHandler(() -> down(silent("a connection", "cancelled or cut"), false));
    }

    /** The first ping tells the agent that it is in; a heartbeat may be quicker with it. */
    void up() {
      log.info("{} connected", party);
      sending.lock();
      try {
        if (open.get()) {
          ping();
        }
      } finally {
        sending.unlock();
      }
      work.event(() -> guarded(() -> handler.connected(this)));
    }

    private void ping() {
      out.onNext(
          ToAgent.newBuilder().setPing(Ping.newBuilder().setClockMillis(clock.millis())).build());
    }

    private void guarded(Runnable call) {
      try {
        call.run();
      } catch (ProblemException e) {
        log.warn("{} said something refused: {}", party, e.getMessage());
        down(e.problem(), true);
      } catch (RuntimeException e) {
        log.error("defect while serving {}", party, e);
        down(defect(), true);
      }
    }

    private void wake() {
      sending.lock();
      try {
        ready.signalAll();
      } finally {
        sending.unlock();
      }
    }

    @Override
    public PartyId party() {
      return party;
    }

    @Override
    public long clockSkewMillis() {
      return clockSkewMillis;
    }

    @Override
    public long silentMillis() {
      return silence.millis();
    }

    @Override
    public boolean send(ToAgent message) {
      sending.lock();
      try {
        long nanos = TimeUnit.MILLISECONDS.toNanos(SLOW_MILLIS);
        while (open.get() && !out.isReady() && nanos > 0) {
          ready.awaitNanos(LOOK_NANOS); // readiness is told by the thread that may be ours
          nanos -= LOOK_NANOS;
        }
        if (!open.get() || out.isCancelled()) {
          return false;
        }
        if (!out.isReady()) {
          down(silent("a reader of what it is sent", "none for " + SLOW_MILLIS + " ms"), true);
          return false;
        }
        out.onNext(message);
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      } finally {
        sending.unlock();
      }
    }

    /** Must not wait: one thread serves all lines. A full pipe is found by silence. */
    void heartbeat() {
      try {
        beat();
      } catch (RuntimeException e) {
        // Escaping, it would end the heartbeats of every line.
        log.error("defect in the heartbeat of {}", party, e);
      }
    }

    private void beat() {
      if (silence.beat() >= Silence.BEATS_MAX) {
        down(silent("a heartbeat", "none for " + silence.millis() + " ms"), true);
      } else if (clock.instant().isAfter(until)) {
        down(
            new Problem(
                ErrorCode.CERTIFICATE_REFUSED,
                party.value(),
                "a line opened with the current certificate",
                "one that expired at " + until),
            true);
      } else if (sending.tryLock()) {
        try {
          if (open.get() && out.isReady()) {
            ping();
          }
        } finally {
          sending.unlock();
        }
      }
    }

    @Override
    public void onNext(FromAgent message) {
      silence.heard();
      if (message.hasPong()) {
        clockSkewMillis = message.getPong().getClockMillis() - clock.millis();
        return;
      }
      silence.occupied(() -> work.message(() -> guarded(() -> handler.received(this, message))));
    }

    @Override
    public void onError(Throwable thrown) {
      down(GrpcProblems.problem(thrown, party.value()), false);
    }

    /** The agent leaves in good order, for instance to come back with a renewed certificate. */
    @Override
    public void onCompleted() {
      if (open.compareAndSet(true, false)) {
        sending.lock();
        try {
          out.onCompleted();
        } finally {
          sending.unlock();
        }
        ended(silent("a line", "closed by the agent"));
      }
    }

    @Override
    public void close(Problem why) {
      down(why, true);
    }

    private void down(Problem why, boolean tell) {
      if (!open.compareAndSet(true, false)) {
        return;
      }
      wake();
      if (tell) {
        sending.lock();
        try {
          out.onError(GrpcProblems.exception(why));
        } catch (IllegalStateException e) {
          log.debug("{} was gone before it could be told", party);
        } finally {
          sending.unlock();
        }
      }
      ended(why);
    }

    private void ended(Problem why) {
      lines.remove(party, this);
      log.info("{} disconnected: {}", party, why.sentence(false));
      work.event(() -> guarded(() -> handler.disconnected(this, why)));
      work.end();
    }

    private Problem silent(String expected, String found) {
      return new Problem(ErrorCode.PEER_SILENT, party.value(), expected, found);
    }
  }

  /** The line of that party, if it is connected now. */
  public @Nullable AgentLine line(PartyId party) {
    return lines.get(party);
  }
}

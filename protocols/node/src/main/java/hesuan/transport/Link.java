package hesuan.transport;

import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection between two parties for one attempt of one job: many channels over one TLS
 * session. It fails as a whole and once; every channel then says why, and so does the other side.
 *
 * <p>Public methods are thread-safe.
 */
public final class Link extends ChannelInboundHandlerAdapter implements AutoCloseable {
  /** Channels in the life of a link: a step each, or a bucket of one. */
  private static final int CHANNELS_MAX = 4_096;

  /** Channels on which the peer may talk before this side has opened them. */
  private static final int EARLY_MAX = 256;

  private static final long HANG_UP_MILLIS = 4_000;

  /** How long what is still coming is read and dropped, so that our last frame arrives. */
  private static final long LINGER_MILLIS = 1_000;

  /** The handler of the session between the two parties; a relayed one runs inside another. */
  static final String TLS = "session-tls";

  private static final Pattern STEP = Pattern.compile("[a-z0-9][a-z0-9./#_-]{0,127}");
  private static final Logger log = LoggerFactory.getLogger(Link.class);

  private final TlsContexts tls;
  private final boolean client;
  private final Consumer<Link> onSettled;
  private final Consumer<Link> onClosed;
  private final AtomicBoolean settled = new AtomicBoolean();
  private final CompletableFuture<SSLSession> secured = new CompletableFuture<>();
  private final CompletableFuture<Hello> hello = new CompletableFuture<>();
  private final AtomicReference<@Nullable Problem> failure = new AtomicReference<>();
  private final Map<String, LinkChannel> bySteps = new ConcurrentHashMap<>();
  private final Map<Integer, LinkChannel> byOutId = new ConcurrentHashMap<>();
  private final AtomicLong bytesSent = new AtomicLong();
  private final AtomicLong bytesReceived = new AtomicLong();
  private final CountDownLatch gone = new CountDownLatch(1);
  private volatile @Nullable ChannelHandlerContext context;
  private volatile @Nullable FrameWriter writer;
  private volatile @Nullable PartyId peer;
  private volatile boolean peerLeft;
  private volatile boolean established;

  // Guarded by this: ids are given out in the order in which OPEN frames are written.
  private int opened;

  // On the event loop only.
  private final Map<Integer, LinkChannel> byInId = new HashMap<>();
  private final byte[] header = new byte[FrameType.HEADER_BYTES];
  private int headerBytes;
  private @Nullable FrameType type;
  private int frameChannel;
  private byte[] body = new byte[0];
  private byte tag;
  private boolean tagRead;
  private int bodyBytes;
  private int receivedSequence;
  private final Deque<ByteBuf> held = new ArrayDeque<>();
  private final Silence silence = new Silence();
  private boolean ending;

  /**
   * @param client whether this end sends the TLS ClientHello
   * @param onSettled told once: when it is this side's turn (a client after TLS, a server after the
   *     peer's hello, which is not yet checked) or when the link has failed before; must not block
   */
  Link(TlsContexts tls, boolean client, Consumer<Link> onSettled, Consumer<Link> onClosed) {
    this.tls = tls;
    this.client = client;
    this.onSettled = onSettled;
    this.onClosed = onClosed;
  }

  public PartyId self() {
    return tls.identity().party();
  }

  /** By certificate; by signature as well once {@link DataPlane#open} has returned the link. */
  public PartyId peer() {
    PartyId known = peer;
    if (known == null) {
      throw new IllegalStateException("no handshake yet");
    }
    return known;
  }

  /** Frames of both kinds, payload and bookkeeping, before TLS. */
  public long bytesSent() {
    return bytesSent.get();
  }

  public long bytesReceived() {
    return bytesReceived.get();
  }

  /**
   * The channel of that step; its messages meet those of the peer's channel of the same name,
   * whoever opens it first. A name is used once in the life of a link.
   */
  public synchronized LinkChannel channel(String step) {
    if (!STEP.matcher(step).matches()) {
      throw new IllegalArgumentException("step name " + step);
    }
    Problem over = failure.get();
    if (over != null) {
      throw over.asException(); // not so if the peer left in order: its last messages may be read
    }
    if (opened == CHANNELS_MAX) {
      throw new IllegalStateException("more than " + CHANNELS_MAX + " channels");
    }
    LinkChannel channel = bySteps.computeIfAbsent(step, name -> new LinkChannel(this, name));
    int id = opened + 1;
    if (!channel.openedHere(id)) {
      throw new IllegalStateException("step " + step + " has been opened before");
    }
    opened = id;
    byOutId.put(id, channel);
    write(FrameType.OPEN, id, step.getBytes(StandardCharsets.UTF_8));
    return channel;
  }

  /** Why the link is over, or null while it lives. */
  public @Nullable Problem failure() {
    return failure.get();
  }

  /** Ends the link because this party's job failed; the peer is told the problem. */
  public void fail(Problem problem) {
    end(problem, FrameType.FAIL, problem);
  }

  /** Ends the link in good order: what was sent still arrives. */
  @Override
  public void close() {
    end(
        new Problem(ErrorCode.CANCELLED, "link", "an open link", "closed by this side"),
        FrameType.BYE,
        null);
  }

  /** Ends the link because the peer broke the protocol; both sides are told. */
  Problem violated(String expected, String found) {
    return reset(new Problem(ErrorCode.PROTOCOL_VIOLATION, peerName(), expected, found));
  }

  /** Ends the link for a reason that lies in the peer; returns what the link failed with. */
  Problem reset(Problem problem) {
    log.warn("link to {} reset: {}", peerName(), problem.sentence(false));
    end(problem, FrameType.RESET, problem);
    Problem first = failure.get();
    return first == null ? problem : first;
  }

  private String peerName() {
    PartyId known = peer;
    return known == null ? "peer" : known.value();
  }

  boolean peerLeft() {
    return peerLeft;
  }

  boolean isClient() {
    return client;
  }

  // Establishing: on the thread that opens the link.

  /** Waits for TLS. */
  SSLSession secured(long timeoutNanos) {
    return within(secured, timeoutNanos, "a TLS handshake");
  }

  Hello hello(long timeoutNanos) {
    return within(hello, timeoutNanos, "a hello");
  }

  private <T> T within(CompletableFuture<T> future, long timeoutNanos, String expected) {
    try {
      return future.get(Math.max(0, timeoutNanos), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ProblemException problem
          ? problem
          : new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw reset(new Problem(ErrorCode.PEER_UNREACHABLE, peerName(), expected, "none in time"))
          .asException();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      close();
      throw new ProblemException(ErrorCode.CANCELLED, peerName(), expected, "interrupted");
    }
  }

  void sendHello(Hello ours) {
    write(FrameType.HELLO, 0, ours.encode());
  }

  /** The peer is who it should be: from here on other frames are taken, and silence is an end. */
  void establish() {
    ChannelHandlerContext ctx = context();
    ctx.executor()
        .execute(
            () -> {
              established = true;
              silence.heard();
              ctx.channel().config().setAutoRead(true);
              for (ByteBuf next = held.poll(); next != null; next = held.poll()) {
                take(ctx, next);
              }
              ping();
            });
  }

  /** After close: until the connection is gone, or would be if the peer were alive. */
  void awaitClosed() {
    try {
      if (context != null && !gone.await(2 * LINGER_MILLIS, TimeUnit.MILLISECONDS)) {
        log.debug("link to {} left open", peerName());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void settle() {
    if (settled.compareAndSet(false, true)) {
      onSettled.accept(this);
    }
  }

  // Writing: from any thread.

  void writeData(int channel, byte tag, byte[] message) {
    ByteBuf frame = frame(FrameType.DATA, channel, message.length + 1);
    frame.writeByte(tag).writeBytes(message);
    write(frame);
  }

  void writeCredit(int channel, int bytes) {
    ByteBuf frame = frame(FrameType.CREDIT, channel, 4);
    frame.writeInt(bytes);
    write(frame);
  }

  void writeEnd(int channel) {
    write(FrameType.END, channel, new byte[0]);
  }

  private void write(FrameType kind, int channel, byte[] content) {
    write(frame(kind, channel, content.length).writeBytes(content));
  }

  private ByteBuf frame(FrameType kind, int channel, int length) {
    return context()
        .alloc()
        .buffer(FrameType.HEADER_BYTES + length)
        .writeByte(kind.number)
        .writeInt(channel)
        .writeInt(0)
        .writeInt(length);
  }

  private void write(ByteBuf frame) {
    FrameWriter out = writer;
    if (out == null) {
      throw new IllegalStateException("not connected yet");
    }
    out.write(frame);
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("not connected yet");
    }
    return ctx;
  }

  // Ending: from any thread, once.

  private void end(Problem here, FrameType last, @Nullable Problem there) {
    if (!failure.compareAndSet(null, here)) {
      return;
    }
    secured.completeExceptionally(here.asException());
    hello.completeExceptionally(here.asException());
    bySteps.values().forEach(LinkChannel::wake);
    settle();
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      return;
    }
    ctx.executor().execute(() -> say(ctx, last, there));
  }

  private void say(ChannelHandlerContext ctx, FrameType last, @Nullable Problem there) {
    ending = true;
    FrameWriter out = writer;
    if (out == null || !ctx.channel().isActive()) {
      return;
    }
    byte[] content = there == null ? new byte[0] : Json.canonical(there);
    out.finish(
        frame(last, 0, content.length).writeBytes(content),
        last != FrameType.BYE,
        () -> ctx.executor().schedule(() -> ctx.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS));
    ctx.channel().config().setAutoRead(true);
    ctx.executor().schedule(() -> ctx.close(), HANG_UP_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** It never came to a connection. */
  void abandon(Problem why) {
    end(why, FrameType.BYE, null);
  }

  /** On the event loop, when a stranger has had its time. */
  void expectHello() {
    if (!hello.isDone()) {
      reset(new Problem(ErrorCode.PEER_SILENT, peerName(), "a hello", "none in time"));
    }
  }

  /** The connection itself is gone, or the peer said that it is over: nothing left to tell. */
  private void lost(ChannelHandlerContext ctx, Problem why) {
    if (failure.compareAndSet(null, why)) {
      secured.completeExceptionally(why.asException());
      hello.completeExceptionally(why.asException());
      bySteps.values().forEach(LinkChannel::wake);
      settle();
    }
    ending = true;
    ctx.close();
  }

  // Netty: on the event loop.

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    writer = new FrameWriter(ctx, bytesSent);
    context = ctx;
    if (failure.get() != null) {
      ctx.close();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof SslHandshakeCompletionEvent completion) {
      if (completion.isSuccess()) {
        secure(ctx);
      } else {
        exceptionCaught(ctx, completion.cause());
      }
    }
  }

  private void secure(ChannelHandlerContext ctx) {
    SSLSession session = ((SslHandler) ctx.pipeline().get(TLS)).engine().getSession();
    try {
      SpiffeId id = tls.peer(session, client);
      peer = id.requireParty();
      secured.complete(session);
      if (client) {
        settle();
      }
    } catch (ProblemException e) {
      reset(e.problem());
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof ByteBuf in)) {
      ReferenceCountUtil.release(message);
      return;
    }
    silence.heard();
    bytesReceived.addAndGet(in.readableBytes());
    take(ctx, in);
  }

  private void take(ChannelHandlerContext ctx, ByteBuf in) {
    while (in.isReadable() && !ending && failure.get() == null && !isWaiting()) {
      read(ctx, in);
    }
    if (in.isReadable() && !ending && isWaiting()) {
      held.add(in);
    } else {
      in.release();
    }
  }

  /** The hello is there and not yet checked: what follows it is for later. */
  private boolean isWaiting() {
    return hello.isDone() && !established && failure.get() == null;
  }

  private void read(ChannelHandlerContext ctx, ByteBuf in) {
    FrameType current = type;
    if (current == null) {
      int count = Math.min(header.length - headerBytes, in.readableBytes());
      in.readBytes(header, headerBytes, count);
      headerBytes += count;
      if (headerBytes == header.length) {
        headerBytes = 0;
        begin(ctx, Unpooled.wrappedBuffer(header));
      }
      return;
    }
    if (current == FrameType.DATA && !tagRead) {
      tag = in.readByte();
      tagRead = true;
    }
    int count = Math.min(body.length - bodyBytes, in.readableBytes());
    in.readBytes(body, bodyBytes, count);
    bodyBytes += count;
    finishIfWhole(ctx, current);
  }

  /** Every bound is checked here, before anything of that size is allocated. */
  private void begin(ChannelHandlerContext ctx, ByteBuf fields) {
    int number = fields.readByte();
    int channel = fields.readInt();
    int sequence = fields.readInt();
    int length = fields.readInt();
    FrameType kind = FrameType.of(number);
    if (kind == null) {
      violated("a frame type of version " + Hello.VERSION, "type " + number);
    } else if (length < kind.bytesMin || length > kind.bytesMax) {
      violated(
          kind + " of " + kind.bytesMin + " to " + kind.bytesMax + " bytes",
          Integer.toUnsignedString(length) + " bytes");
    } else if (sequence != receivedSequence) {
      violated("frame " + receivedSequence, "frame " + sequence);
    } else if (!isExpected(kind)) {
      violated(established ? "frames after the hello" : "a hello first", "" + kind);
    } else if (isAdmitted(kind, channel, length)) {
      receivedSequence++;
      type = kind;
      frameChannel = channel;
      tagRead = false;
      bodyBytes = 0;
      body = new byte[kind == FrameType.DATA ? length - 1 : length];
      if (length == 0) {
        finishIfWhole(ctx, kind);
      }
    }
  }

  private boolean isExpected(FrameType kind) {
    return switch (kind) {
      case HELLO -> secured.isDone() && !hello.isDone();
      case OPEN, DATA, CREDIT, END, PING, BYE -> established;
      case FAIL, RESET -> true;
    };
  }

  private boolean isAdmitted(FrameType kind, int id, int length) {
    return switch (kind) {
      case HELLO, PING, BYE, FAIL, RESET -> id == 0 || refuse("channel 0", "channel " + id);
      case OPEN ->
          (id == byInId.size() + 1 && id <= CHANNELS_MAX)
              || refuse(
                  "channel " + (byInId.size() + 1) + " of at most " + CHANNELS_MAX,
                  "channel " + id);
      case DATA -> {
        LinkChannel channel = byInId.get(id);
        if (channel == null) {
          yield refuse("a channel that was opened", "channel " + id);
        }
        yield channel.admits(length - 1)
            || refuse(
                "messages within the window of " + channel.step(), length + " bytes beyond it");
      }
      case CREDIT ->
          byOutId.containsKey(id) || refuse("a channel that was opened", "channel " + id);
      case END -> byInId.containsKey(id) || refuse("a channel that was opened", "channel " + id);
    };
  }

  private boolean refuse(String expected, String found) {
    violated(expected, found);
    return false;
  }

  private void finishIfWhole(ChannelHandlerContext ctx, FrameType kind) {
    if (bodyBytes < body.length || (kind == FrameType.DATA && !tagRead)) {
      return;
    }
    byte[] whole = body;
    body = new byte[0];
    type = null;
    switch (kind) {
      case HELLO -> heard(ctx, whole);
      case OPEN -> openedThere(new String(whole, StandardCharsets.UTF_8));
      case DATA -> channelIn().arrived(tag, whole);
      case CREDIT -> credited(Unpooled.wrappedBuffer(whole).readInt());
      case END -> {
        if (!channelIn().endedThere()) {
          violated("one end of a channel", "a second one");
        }
      }
      case PING -> {}
      case BYE -> {
        peerLeft = true;
        ending = true;
        bySteps.values().forEach(LinkChannel::wake);
        ctx.close();
      }
      case FAIL -> lost(ctx, failedThere(whole));
      case RESET -> lost(ctx, resetThere(whole));
    }
  }

  private LinkChannel channelIn() {
    LinkChannel channel = byInId.get(frameChannel);
    if (channel == null) {
      throw new IllegalStateException("admitted frame of no channel");
    }
    return channel;
  }

  private void heard(ChannelHandlerContext ctx, byte[] whole) {
    try {
      ctx.channel().config().setAutoRead(false);
      hello.complete(Hello.decode(whole, peerName()));
      if (!client) {
        settle();
      }
    } catch (ProblemException e) {
      reset(e.problem());
    }
  }

  private void openedThere(String step) {
    if (!STEP.matcher(step).matches()) {
      violated("a step name", "other text");
      return;
    }
    LinkChannel channel = bySteps.computeIfAbsent(step, name -> new LinkChannel(this, name));
    if (!channel.openedThere(frameChannel)) {
      violated("a step that was not opened before", step);
      return;
    }
    byInId.put(frameChannel, channel);
    long early = byInId.values().stream().filter(each -> !each.isOpenHere()).count();
    if (early > EARLY_MAX) {
      violated("at most " + EARLY_MAX + " steps ahead", early + " steps");
    }
  }

  private void credited(int bytes) {
    LinkChannel channel = byOutId.get(frameChannel);
    if (channel != null && !channel.credited(bytes)) {
      violated("credit for what was sent on " + channel.step(), bytes + " bytes more");
    }
  }

  private Problem failedThere(byte[] told) {
    Problem theirs = read(told);
    return new Problem(
        ErrorCode.PEER_FAILED, peerName(), "the session to go on", theirs.sentence(false));
  }

  /** The peer says that we broke the protocol: the same code here, so that both logs agree. */
  private Problem resetThere(byte[] told) {
    Problem theirs = read(told);
    log.warn("link to {} was reset by it: {}", peerName(), theirs.sentence(false));
    return new Problem(
        theirs.code(), peerName(), theirs.expected(), "so it says, " + theirs.found());
  }

  private Problem read(byte[] told) {
    try {
      return Json.read(told, Problem.class);
    } catch (ProblemException e) {
      return new Problem(
          ErrorCode.PROTOCOL_VIOLATION, peerName(), "a problem document", "unreadable bytes");
    }
  }

  private void ping() {
    ChannelHandlerContext ctx = context();
    if (ending || !ctx.channel().isActive()) {
      return;
    }
    if (silence.beat() >= Silence.BEATS_MAX) {
      Problem silent =
          new Problem(
              ErrorCode.PEER_SILENT,
              peerName(),
              "a sign of life twice a second",
              "none for " + silence.millis() + " ms");
      log.warn("link to {} given up: {}", peerName(), silent.sentence(false));
      lost(ctx, silent);
      return;
    }
    write(frame(FrameType.PING, 0, 0));
    ctx.executor().schedule(this::ping, Silence.BEAT_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    FrameWriter out = writer;
    if (out != null && ctx.channel().isWritable()) {
      out.resume();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    for (ByteBuf next = held.poll(); next != null; next = held.poll()) {
      next.release();
    }
    FrameWriter out = writer;
    if (out != null) {
      out.close();
    }
    if (!peerLeft) {
      lost(ctx, new Problem(ErrorCode.PEER_SILENT, peerName(), "an open connection", "it was cut"));
    }
    gone.countDown();
    onClosed.accept(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    lost(ctx, problem(cause, peerName()));
  }

  /** What went wrong, as far as an exception of Netty or TLS tells. */
  static Problem problem(Throwable cause, String peer) {
    for (Throwable each = cause; each != null; each = each.getCause()) {
      if (each instanceof ProblemException known) {
        return known.problem();
      }
    }
    if (cause instanceof SSLException || cause instanceof DecoderException) {
      return new Problem(
          ErrorCode.CERTIFICATE_REFUSED,
          peer,
          "a TLS 1.3 session with certificates of this federation",
          String.valueOf(cause.getMessage()));
    }
    return new Problem(
        ErrorCode.PEER_SILENT, peer, "an open connection", String.valueOf(cause.getMessage()));
  }
}

package hesuan.transport;

import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The coordinator's relay: brings together two agents that dialled it and pipes bytes between them.
 * It knows who meets whom for which session; the bytes are the ciphertext of the agents' own TLS. A
 * slow reader stops its writer: the relay holds about {@link #PIPE_BYTES_MAX} for each direction.
 */
public final class RelayServer implements AutoCloseable {
  /** Whether two parties may meet for that session, by what the coordinator knows. */
  public interface Admission {
    boolean allows(SessionId session, PartyId one, PartyId other);
  }

  static final int PIPE_BYTES_MAX = 1 << 20;
  private static final int SILENCE_SECONDS = 10;
  private static final int WAITING_PER_PARTY_MAX = 64;
  private static final Logger log = LoggerFactory.getLogger(RelayServer.class);

  private record Waiting(PartyId party, ChannelHandlerContext context) {}

  private final TlsContexts tls;
  private final Admission admission;
  private final long waitMillis;
  private final EventLoopGroup acceptors = group("relay-accept", 1);
  private final EventLoopGroup workers = group("relay", 2);
  private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final Map<Rendezvous.Meeting, Waiting> waiting = new HashMap<>();
  private final AtomicLong bytesRelayed = new AtomicLong();
  private final Channel listening;

  private RelayServer(Address bind, TlsContexts tls, Admission admission, long waitMillis) {
    this.tls = tls;
    this.admission = admission;
    this.waitMillis = waitMillis;
    ServerBootstrap listener =
        new ServerBootstrap()
            .group(acceptors, workers)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(PIPE_BYTES_MAX / 2, PIPE_BYTES_MAX))
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channels.add(channel);
                    SslHandler ssl =
                        tls.nettyServer(ClientAuth.REQUIRE).newHandler(channel.alloc());
                    ssl.setHandshakeTimeout(DataPlane.HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS);
                    channel
                        .pipeline()
                        .addLast(ssl)
                        .addLast("silence", new ReadTimeoutHandler(SILENCE_SECONDS))
                        .addLast(new Meet());
                  }
                });
    this.listening = listen(listener, bind);
  }

  /** Whoever listens in vain ends; the threads are daemons. */
  static Channel listen(ServerBootstrap listener, Address address) {
    ChannelFuture bound = listener.bind(address.resolve()).awaitUninterruptibly();
    if (bound.cause() != null) {
      throw address.notListening(bound.cause());
    }
    return bound.channel();
  }

  /**
   * @param waitMillis how long one agent waits here for the other: not less than agents give an
   *     opening, since one that is refused here does not ask again
   */
  public static RelayServer start(
      Address bind, TlsContexts tls, Admission admission, long waitMillis) {
    return new RelayServer(bind, tls, admission, waitMillis);
  }

  static EventLoopGroup group(String name, int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
  }

  public int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /** Ciphertext piped so far, both directions. */
  public long bytesRelayed() {
    return bytesRelayed.get();
  }

  @Override
  public void close() {
    if (workers.isShuttingDown()) {
      return;
    }
    listening.close().syncUninterruptibly();
    channels.close().awaitUninterruptibly(1_000);
    acceptors.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  /** Puts the caller beside its partner, if that is waiting; else in the waiting room. */
  private synchronized @Nullable Waiting meet(Rendezvous wanted, ChannelHandlerContext context) {
    Rendezvous.Meeting meeting = wanted.meeting();
    Waiting other = waiting.get(meeting);
    if (other != null
        && !other.party().equals(wanted.from())
        && other.context().channel().isActive()) {
      waiting.remove(meeting);
      return other;
    }
    long mine = waiting.values().stream().filter(w -> w.party().equals(wanted.from())).count();
    if (mine >= WAITING_PER_PARTY_MAX) {
      throw new ProblemException(
          ErrorCode.TOO_LARGE,
          "relay",
          "at most " + WAITING_PER_PARTY_MAX + " meetings waited for",
          "one more by " + wanted.from());
    }
    // A second call of the same party replaces its first, which may be half-open.
    waiting.put(meeting, new Waiting(wanted.from(), context));
    return null;
  }

  private synchronized void leave(Rendezvous wanted, ChannelHandlerContext context) {
    Waiting there = waiting.get(wanted.meeting());
    if (there != null && there.context().equals(context)) {
      waiting.remove(wanted.meeting());
    }
  }

  /** From TLS to the meeting. */
  private final class Meet extends ByteToMessageDecoder {
    private @Nullable PartyId caller;
    private @Nullable Rendezvous wanted;

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof SslHandshakeCompletionEvent completion && completion.isSuccess()) {
        SslHandler ssl = context.pipeline().get(SslHandler.class);
        try {
          caller = tls.peer(ssl.engine().getSession(), false).requireParty();
        } catch (ProblemException e) {
          refuse(context, e.problem());
        }
      }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      if (wanted != null) {
        refuse(
            context,
            new Problem(
                ErrorCode.PROTOCOL_VIOLATION, "relay", "to wait for the answer", "more bytes"));
        in.skipBytes(in.readableBytes());
        return;
      }
      try {
        Rendezvous.decode(in).ifPresent(asked -> ask(context, asked));
      } catch (ProblemException e) {
        in.skipBytes(in.readableBytes());
        refuse(context, e.problem());
      }
    }

    private void ask(ChannelHandlerContext context, Rendezvous asked) {
      if (caller == null || !caller.equals(asked.from())) {
        throw new ProblemException(
            ErrorCode.NOT_AUTHORISED, "relay", "a meeting of " + caller, "one of " + asked.from());
      }
      Rendezvous.Meeting meeting = asked.meeting();
      if (!admission.allows(meeting.session(), meeting.smaller(), meeting.larger())) {
        throw new ProblemException(
            ErrorCode.NOT_AUTHORISED,
            "relay",
            "two parties of a running job",
            meeting.session() + " of " + meeting.smaller() + " and " + meeting.larger());
      }
      Waiting other = meet(asked, context);
      wanted = asked;
      if (other == null) {
        context.pipeline().remove("silence");
        context
            .executor()
            .schedule(() -> giveUp(context, asked), waitMillis, TimeUnit.MILLISECONDS);
      } else {
        join(context, other.context(), meeting);
      }
    }

    private void giveUp(ChannelHandlerContext context, Rendezvous asked) {
      if (!context.isRemoved()) {
        leave(asked, context);
        refuse(
            context,
            new Problem(
                ErrorCode.PEER_UNREACHABLE,
                asked.to().value(),
                "to meet at the relay within " + waitMillis + " ms",
                "it did not come"));
      }
    }

    private void join(
        ChannelHandlerContext here, ChannelHandlerContext there, Rendezvous.Meeting meeting) {
      log.info("{}: {} meets {}", meeting.session(), meeting.smaller(), meeting.larger());
      pipe(here, there.channel());
      there.executor().execute(() -> pipe(there, here.channel()));
    }

    /** On the event loop of that end. */
    private void pipe(ChannelHandlerContext end, Channel to) {
      if (end.isRemoved()) {
        to.close();
        return;
      }
      Channel channel = end.channel();
      channel.writeAndFlush(Rendezvous.met(end.alloc()));
      if (channel.pipeline().get("silence") == null) {
        channel.pipeline().addLast("silence", new ReadTimeoutHandler(SILENCE_SECONDS));
      }
      channel.pipeline().addLast(new Pipe(to));
      channel.pipeline().remove(end.handler());
    }

    private void refuse(ChannelHandlerContext context, Problem problem) {
      log.warn("relay refused {}: {}", caller, problem.sentence(false));
      context
          .writeAndFlush(Rendezvous.refused(context.alloc(), problem))
          .addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      Rendezvous asked = wanted;
      if (asked != null) {
        leave(asked, context);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      log.warn("relay connection of {} ended: {}", caller, cause.getMessage());
      context.close();
    }
  }

  /** One direction: what comes from here goes there, as fast as there takes it. */
  private final class Pipe extends ChannelInboundHandlerAdapter {
    private final Channel to;

    Pipe(Channel to) {
      this.to = to;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof ByteBuf bytes) {
        bytesRelayed.addAndGet(bytes.readableBytes());
      }
      to.write(message, to.voidPromise());
      if (!to.isWritable()) {
        context.channel().config().setAutoRead(false);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      to.flush();
      follow(context.channel());
    }

    /** This end drains again, so the other end may be read again. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      to.config().setAutoRead(context.channel().isWritable());
    }

    private void follow(Channel channel) {
      if (to.isWritable()) {
        channel.config().setAutoRead(true);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      to.flush();
      to.eventLoop().execute(to::close);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      log.info("relayed session ended: {}", cause.getMessage());
      context.close();
    }
  }
}

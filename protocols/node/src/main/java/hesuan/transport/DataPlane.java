package hesuan.transport;

import hesuan.identity.SpiffeId;
import hesuan.identity.TlsContexts;
import hesuan.wire.ErrorCode;
import hesuan.wire.PartyId;
import hesuan.wire.Problem;
import hesuan.wire.ProblemException;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An agent's end of the data plane: opens one {@link Link} to a peer for each attempt of a job.
 *
 * <p>Who dials whom follows from the parties' names and addresses, so that both sides know without
 * asking: the larger name dials the smaller where that has an address, else the smaller dials the
 * larger, else both dial the relay. A direct dial that fails goes on to the relay, where the other
 * side is by then.
 */
public final class DataPlane implements AutoCloseable {
  /** Where parties and the relay listen, as far as known now. */
  public interface Directory {
    Optional<Address> party(PartyId party);

    Optional<Address> relay();
  }

  static final long HANDSHAKE_MILLIS = 15_000;
  private static final int CONNECT_MILLIS_MAX = 3_000;

  /**
   * The one that is dialled gives a direct connection as long as its dialler does, then looks at
   * the relay.
   */
  private static final long RELAY_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(CONNECT_MILLIS_MAX);

  /** Connections that are not yet a link: strangers, and peers that are ahead of us. */
  private static final int ARRIVING_MAX = 256;

  private static final Logger log = LoggerFactory.getLogger(DataPlane.class);

  private record Meeting(SessionId session, PartyId peer) {}

  /** One call of open: the links that may become its answer. */
  private record Opening(Meeting meeting, BlockingQueue<Link> settled, List<Link> dialled) {
    Opening(Meeting meeting) {
      this(meeting, new LinkedBlockingQueue<>(), new ArrayList<>());
    }
  }

  private final TlsContexts tls;
  private final Directory directory;
  private final HelloSigner signer;
  private final Duration openTimeout;
  private final EventLoopGroup loops = RelayServer.group("data-plane", 2);
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final AtomicInteger arriving = new AtomicInteger();
  private final @Nullable Channel listening;

  // Guarded by this.
  private final Map<Meeting, Opening> openings = new HashMap<>();
  private final Map<Meeting, Link> ahead = new HashMap<>();

  private DataPlane(
      TlsContexts tls,
      @Nullable Address listen,
      Directory directory,
      HelloSigner signer,
      Duration openTimeout) {
    this.tls = tls;
    this.directory = directory;
    this.signer = signer;
    this.openTimeout = openTimeout;
    this.listening = listen == null ? null : listen(listen);
  }

  /**
   * @param listen where to take direct connections; null to be reached through the relay only
   * @param signer signs hellos with the keys that contracts pin for this party
   * @param openTimeout how long both sides of a link have to come together
   */
  public static DataPlane start(
      TlsContexts tls,
      @Nullable Address listen,
      Directory directory,
      HelloSigner signer,
      Duration openTimeout) {
    return new DataPlane(tls, listen, directory, signer, openTimeout);
  }

  /** The port listened on, or 0 if none is. */
  public int port() {
    return listening == null ? 0 : ((InetSocketAddress) listening.localAddress()).getPort();
  }

  private PartyId self() {
    return tls.identity().party();
  }

  /**
   * The link to that peer for that session. Both sides call it; blocks until both have proved who
   * they are, by certificate and by signature.
   *
   * @param peerKeys the keys that the job's contract pins for the peer
   * @throws ProblemException PEER_UNREACHABLE, CERTIFICATE_REFUSED, SIGNATURE_REFUSED, PEER_VERSION
   */
  public Link open(SessionId session, PartyId peer, HelloVerifier peerKeys) {
    long deadline = System.nanoTime() + openTimeout.toNanos();
    Opening opening = begin(new Meeting(session, peer));
    Link link = null;
    try {
      link = connect(opening, deadline);
      greet(link, opening.meeting(), peerKeys, deadline);
      log.info("{}: link to {} is up", session, peer);
      return link;
    } catch (RuntimeException e) {
      if (link != null) {
        link.close();
      }
      throw e;
    } finally {
      end(opening, link);
    }
  }

  private synchronized Opening begin(Meeting meeting) {
    Opening opening = new Opening(meeting);
    if (openings.putIfAbsent(meeting, opening) != null) {
      throw new IllegalStateException(meeting + " is being opened already");
    }
    Link early = ahead.remove(meeting);
    if (early != null) {
      opening.settled().add(early);
    }
    return opening;
  }

  private void end(Opening opening, @Nullable Link chosen) {
    synchronized (this) {
      openings.remove(opening.meeting());
    }
    opening.dialled().addAll(opening.settled());
    for (Link each : opening.dialled()) {
      if (!each.equals(chosen)) {
        each.close();
      }
    }
  }

  /** Tries the routes in their order; the first link that settles well is the one. */
  private Link connect(Opening opening, long deadline) {
    PartyId peer = opening.meeting().peer();
    Optional<Address> here = directory.party(self());
    Optional<Address> there = directory.party(peer);
    boolean larger = self().compareTo(peer) > 0;
    boolean dials = there.isPresent() && (larger || here.isEmpty());
    boolean isDialled = !dials && here.isPresent();
    Problem why =
        new Problem(
            ErrorCode.PEER_UNREACHABLE,
            peer.value(),
            "its agent in " + opening.meeting().session() + " within " + openTimeout,
            "nobody");
    long patience = deadline;
    if (dials) {
      dial(opening, there.orElseThrow());
    } else if (isDialled) {
      patience = Math.min(deadline, System.nanoTime() + RELAY_AFTER_NANOS);
    } else {
      patience = System.nanoTime();
    }
    Link first = next(opening, patience);
    if (first != null && first.failure() == null) {
      return first;
    }
    why = first == null ? why : because(first, why);
    Optional<Address> relay = directory.relay();
    relay.ifPresent(address -> dialRelay(opening, address, larger));
    boolean mayStillCome = isDialled || relay.isPresent();
    while (mayStillCome && why.code() != ErrorCode.PEER_VERSION) {
      Link link = next(opening, deadline);
      if (link != null && link.failure() == null) {
        return link;
      }
      why = link == null ? why : because(link, why);
      mayStillCome = link != null && isDialled;
    }
    throw why.asException();
  }

  private static Problem because(Link failed, Problem otherwise) {
    Problem failure = failed.failure();
    return failure == null ? otherwise : failure;
  }

  private static @Nullable Link next(Opening opening, long untilNanos) {
    try {
      return opening.settled().poll(untilNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(
          ErrorCode.CANCELLED, opening.meeting().peer().value(), "a link", "interrupted");
    }
  }

  /** The hellos: the TLS client's first, so that a server never speaks to a stranger. */
  private void greet(Link link, Meeting meeting, HelloVerifier peerKeys, long deadline) {
    SSLSession tlsSession = link.secured(deadline - System.nanoTime());
    Hello.Ends ends = Hello.Ends.of(tlsSession, link.isClient());
    String federation = tls.identity().current().id().federation();
    try {
      if (!link.peer().equals(meeting.peer())) {
        throw new ProblemException(
            ErrorCode.CERTIFICATE_REFUSED,
            meeting.peer().value(),
            "the certificate of " + meeting.peer(),
            "that of " + link.peer());
      }
      Hello ours =
          Hello.create(federation, meeting.session(), self(), meeting.peer(), ends, signer);
      if (link.isClient()) {
        link.sendHello(ours);
      }
      link.hello(deadline - System.nanoTime())
          .check(federation, meeting.session(), meeting.peer(), self(), ends, peerKeys);
      if (!link.isClient()) {
        link.sendHello(ours);
      }
      link.establish();
    } catch (ProblemException e) {
      throw link.failure() == null ? link.reset(e.problem()).asException() : e;
    }
  }

  private void dial(Opening opening, Address address) {
    Link link = newLink(true, opening);
    connect(
        link,
        address,
        channel -> {
          SslHandler ssl = handshake(tls.nettyClient().newHandler(channel.alloc()));
          channel.pipeline().addLast(Link.TLS, ssl);
          channel.pipeline().addLast(link);
        });
  }

  private void dialRelay(Opening opening, Address address, boolean asClient) {
    Link link = newLink(asClient, opening);
    connect(
        link,
        address,
        channel -> {
          SslHandler outer = handshake(tls.nettyClient().newHandler(channel.alloc()));
          channel.pipeline().addLast("relay-tls", outer);
          channel.pipeline().addLast(new AtRelay(link, opening.meeting()));
        });
  }

  private Link newLink(boolean asClient, Opening opening) {
    Link link = new Link(tls, asClient, opening.settled()::add, links::remove);
    links.add(link);
    opening.dialled().add(link);
    return link;
  }

  private static SslHandler handshake(SslHandler ssl) {
    ssl.setHandshakeTimeout(HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS);
    return ssl;
  }

  private void connect(Link link, Address address, Consumer<Channel> initialise) {
    new Bootstrap()
        .group(loops)
        .channel(NioSocketChannel.class)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS_MAX)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                initialise.accept(channel);
              }
            })
        .connect(address.resolve())
        .addListener(
            (ChannelFuture connected) -> {
              if (!connected.isSuccess()) {
                link.abandon(
                    new Problem(
                        ErrorCode.PEER_UNREACHABLE,
                        address.toString(),
                        "a connection",
                        String.valueOf(connected.cause().getMessage())));
                links.remove(link);
              }
            });
  }

  private Channel listen(Address address) {
    ServerBootstrap listener =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    take(channel);
                  }
                });
    return RelayServer.listen(listener, address);
  }

  private void take(Channel channel) {
    if (arriving.incrementAndGet() > ARRIVING_MAX) {
      arriving.decrementAndGet();
      log.warn("more than {} connections arriving; one dropped", ARRIVING_MAX);
      channel.close();
      return;
    }
    Link link = new Link(tls, false, this::arrived, links::remove);
    links.add(link);
    SslHandler ssl = handshake(tls.nettyServer(ClientAuth.REQUIRE).newHandler(channel.alloc()));
    channel.pipeline().addLast(Link.TLS, ssl);
    channel.pipeline().addLast(link);
    channel.eventLoop().schedule(() -> link.expectHello(), HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Someone dialled us: its opening takes it, or it waits for the job to start here as well. */
  private void arrived(Link link) {
    arriving.decrementAndGet();
    Problem failure = link.failure();
    if (failure != null) {
      if (failure.code() == ErrorCode.PEER_VERSION) {
        tellWhoWaitsFor(link);
      }
      return;
    }
    Hello hello = link.hello(0);
    if (!hello.from().equals(link.peer()) || !hello.to().equals(self())) {
      link.violated(
          "a hello from " + link.peer() + " to " + self(),
          "one from " + hello.from() + " to " + hello.to());
      return;
    }
    Meeting meeting = new Meeting(hello.session(), hello.from());
    Link replaced = null;
    synchronized (this) {
      Opening opening = openings.get(meeting);
      if (opening != null) {
        opening.settled().add(link);
        return;
      }
      if (ahead.size() < ARRIVING_MAX) {
        replaced = ahead.put(meeting, link);
      } else {
        replaced = link;
      }
    }
    if (replaced != null) {
      replaced.close();
    }
    loops
        .next()
        .schedule(() -> giveUp(meeting, link), openTimeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A hello of another version names no session, but the certificate names the party. */
  private synchronized void tellWhoWaitsFor(Link failed) {
    for (Opening each : openings.values()) {
      if (each.meeting().peer().equals(failed.peer())) {
        each.settled().add(failed);
      }
    }
  }

  private void giveUp(Meeting meeting, Link link) {
    boolean waiting;
    synchronized (this) {
      waiting = ahead.remove(meeting, link);
    }
    if (waiting) {
      link.reset(
          new Problem(
              ErrorCode.PEER_UNREACHABLE,
              meeting.peer().value(),
              "a session that runs here",
              meeting.session() + ", not started here within " + openTimeout));
    }
  }

  @Override
  public void close() {
    if (loops.isShuttingDown()) {
      return;
    }
    if (listening != null) {
      listening.close().syncUninterruptibly();
    }
    for (Link each : links) {
      each.close();
    }
    for (Link each : links) {
      each.awaitClosed();
    }
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2_000);
  }

  /** From TLS with the relay to TLS with the peer inside it. */
  private final class AtRelay extends ByteToMessageDecoder {
    private final Link link;
    private final Meeting meeting;

    AtRelay(Link link, Meeting meeting) {
      this.link = link;
      this.meeting = meeting;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (!(event instanceof SslHandshakeCompletionEvent completion)) {
        return;
      }
      if (!completion.isSuccess()) {
        exceptionCaught(context, completion.cause());
        return;
      }
      SslHandler outer = (SslHandler) context.pipeline().get("relay-tls");
      try {
        SpiffeId relay = tls.peer(outer.engine().getSession(), true);
        if (!relay.isCoordinator()) {
          throw new ProblemException(
              ErrorCode.CERTIFICATE_REFUSED, "relay", "the coordinator's certificate", "" + relay);
        }
        SessionId session = meeting.session();
        Rendezvous wanted =
            new Rendezvous(session.job(), session.attempt(), self(), meeting.peer());
        context.writeAndFlush(wanted.encode(context.alloc()));
      } catch (ProblemException e) {
        exceptionCaught(context, e);
      }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      if (!Rendezvous.isMet(in)) {
        return;
      }
      SslContext inner = link.isClient() ? tls.nettyClient() : tls.nettyServer(ClientAuth.REQUIRE);
      context
          .pipeline()
          .addLast(Link.TLS, handshake(inner.newHandler(context.alloc())))
          .addLast(link)
          .remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      link.abandon(
          new Problem(
              ErrorCode.PEER_UNREACHABLE,
              meeting.peer().value(),
              "to meet at the relay",
              "the relay hung up"));
      links.remove(link);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      link.abandon(Link.problem(cause, "relay"));
      links.remove(link);
      context.close();
    }
  }
}

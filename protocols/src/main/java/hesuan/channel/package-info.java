/**
 * How a protocol talks: straight-line code on a virtual thread over a {@link
 * hesuan.channel.Channel} to each peer. The channel is given (in memory for tests and the
 * simulator, Netty in life); a protocol knows neither sockets nor time.
 */
@org.jspecify.annotations.NullMarked
package hesuan.channel;

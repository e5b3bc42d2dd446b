package hesuan.vole;

import hesuan.channel.Channel;
import hesuan.wire.PartyId;
import java.util.function.UnaryOperator;

/** Changes what its end sends under one tag. */
record TamperedChannel(Channel channel, byte tag, UnaryOperator<byte[]> change) implements Channel {
  @Override
  public PartyId self() {
    return channel.self();
  }

  @Override
  public PartyId peer() {
    return channel.peer();
  }

  @Override
  public void send(byte tag, byte[] body) {
    channel.send(tag, tag == this.tag ? change.apply(body.clone()) : body);
  }

  @Override
  public byte[] receive(byte tag, int bytesMax) {
    return channel.receive(tag, bytesMax);
  }
}

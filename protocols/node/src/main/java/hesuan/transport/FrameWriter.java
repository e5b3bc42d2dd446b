package hesuan.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Puts frames on the wire in their order, a slice at a time. Small frames share a slice; a big one
 * goes out in many, so that the peer hears something all along even where encryption is slow (a JVM
 * that has just started, a busy machine), and the event loop gets to read in between.
 *
 * <p>What waits here is bounded by the windows of the channels.
 */
final class FrameWriter {
  private static final int SLICE_BYTES = 64 << 10;

  /** Written in one go before the event loop does something else. */
  private static final int TURN_BYTES = 4 * SLICE_BYTES;

  private static final int SEQUENCE_AT = 5;

  private final ChannelHandlerContext context;
  private final AtomicLong bytesSent;
  private final Queue<ByteBuf> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private volatile boolean closed;

  // On the event loop only.
  private int sequence;
  private @Nullable ByteBuf current;
  private @Nullable Runnable afterLast;

  FrameWriter(ChannelHandlerContext context, AtomicLong bytesSent) {
    this.context = context;
    this.bytesSent = bytesSent;
  }

  /** From any thread; the frame is this object's from here on. */
  void write(ByteBuf frame) {
    waiting.add(frame);
    schedule();
  }

  /**
   * On the event loop: no frame after this one.
   *
   * @param atOnce drops what waits, but for the frame that is half written
   * @param after run once it has been handed to the socket
   */
  void finish(ByteBuf last, boolean atOnce, Runnable after) {
    if (atOnce) {
      drop();
    }
    afterLast = after;
    write(last);
  }

  /** On the event loop: the socket takes more. */
  void resume() {
    schedule();
  }

  /** On the event loop: the connection is gone. */
  void close() {
    closed = true;
    if (current != null) {
      current.release();
      current = null;
    }
    drop();
  }

  private void drop() {
    for (ByteBuf next = waiting.poll(); next != null; next = waiting.poll()) {
      next.release();
    }
  }

  private void schedule() {
    if (scheduled.compareAndSet(false, true)) {
      try {
        context.executor().execute(this::turn);
      } catch (RejectedExecutionException e) {
        closed = true; // the data plane is shutting down
        drop();
      }
    }
  }

  private void turn() {
    scheduled.set(false);
    if (closed) {
      drop();
      return;
    }
    int written = 0;
    int unflushed = 0;
    while (written < TURN_BYTES && context.channel().isWritable() && next()) {
      int count = writeSlice();
      written += count;
      unflushed += count;
      if (unflushed >= SLICE_BYTES) {
        context.flush();
        unflushed = 0;
      }
    }
    if (unflushed > 0) {
      context.flush();
    }
    if (current != null || !waiting.isEmpty()) {
      if (context.channel().isWritable()) {
        schedule(); // else resume() comes
      }
    } else if (afterLast != null) {
      afterLast.run();
      afterLast = null;
    }
  }

  private boolean next() {
    if (current == null) {
      current = waiting.poll();
      if (current != null) {
        current.setInt(SEQUENCE_AT, sequence++);
        bytesSent.addAndGet(current.readableBytes());
      }
    }
    return current != null;
  }

  private int writeSlice() {
    ByteBuf frame = current;
    if (frame == null) {
      return 0;
    }
    int count = Math.min(frame.readableBytes(), SLICE_BYTES);
    if (count == frame.readableBytes()) {
      current = null;
      context.write(frame, context.voidPromise());
    } else {
      context.write(frame.readRetainedSlice(count), context.voidPromise());
    }
    return count;
  }
}

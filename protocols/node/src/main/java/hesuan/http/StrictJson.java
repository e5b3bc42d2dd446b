package hesuan.http;

import hesuan.wire.ErrorCode;
import hesuan.wire.Json;
import hesuan.wire.ProblemException;
import io.micronaut.context.annotation.Replaces;
import io.micronaut.core.annotation.Order;
import io.micronaut.core.type.Argument;
import io.micronaut.core.type.Headers;
import io.micronaut.core.type.MutableHeaders;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.body.MessageBodyHandler;
import io.micronaut.http.netty.body.NettyJsonHandler;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/**
 * Bodies go through {@link Json} and nothing else: no unknown or repeated field, no coercion,
 * bounded depth and size; what leaves is canonical.
 */
@Singleton
@Order(-20)
@Replaces(NettyJsonHandler.class)
@Consumes(MediaType.APPLICATION_JSON)
@Produces({MediaType.APPLICATION_JSON, MediaType.APPLICATION_JSON_PROBLEM})
final class StrictJson<T> implements MessageBodyHandler<T> {
  @Override
  public T read(Argument<T> type, MediaType mediaType, Headers headers, InputStream in) {
    return Json.read(bytes(in), type.getType());
  }

  @Override
  public void writeTo(
      Argument<T> type, MediaType mediaType, T body, MutableHeaders headers, OutputStream out) {
    headers.set("Content-Type", mediaType);
    try {
      out.write(Json.canonical(body));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(InputStream in) {
    try (in) {
      byte[] bytes = in.readNBytes(Json.DOCUMENT_BYTES_MAX + 1);
      if (bytes.length == 0) {
        throw new ProblemException(ErrorCode.MISSING_FIELD, "body", "a JSON document", "nothing");
      }
      return bytes;
    } catch (IOException e) {
      throw new ProblemException(
          ErrorCode.MALFORMED_DOCUMENT, "body", "a whole request", "an interrupted one");
    }
  }
}

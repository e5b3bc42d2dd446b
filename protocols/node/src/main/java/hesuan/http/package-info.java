/**
 * The HTTPS edge that coordinator and agent share: TLS of the federation, strict JSON in and
 * canonical JSON out, problems with sentences in both languages. What is served is the caller's: it
 * hands finished parts to {@link hesuan.http.ApiServer}, and its controllers ask for them.
 */
@org.jspecify.annotations.NullMarked
package hesuan.http;

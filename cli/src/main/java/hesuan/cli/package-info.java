/**
 * {@code hesuan}: one class per command. A command talks to the coordinator and to its own party's
 * agent over their HTTPS APIs, as any other client would; only what concerns a home folder on this
 * machine (init, join, start, stop) it does by itself.
 */
@org.jspecify.annotations.NullMarked
package hesuan.cli;

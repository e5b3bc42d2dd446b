/**
 * Small networks on Deeplearning4j. It needs {@code Unsafe} and 150 MB of native code, so it lives
 * behind {@link hesuan.learn.Trainer} in a module that only agents which learn carry. First use
 * unpacks the natives into the JavaCPP cache ({@code -Dorg.bytedeco.javacpp.cachedir}), which takes
 * seconds once.
 */
@org.jspecify.annotations.NullMarked
package hesuan.learn.dl4j;

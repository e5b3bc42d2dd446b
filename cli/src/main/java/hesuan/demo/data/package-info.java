/**
 * Made-up people for the demo and its tests: one seed gives 200,000 of them, the files of three
 * parties that know some of them, and the answers that only whoever made them up can know.
 */
@org.jspecify.annotations.NullMarked
package hesuan.demo.data;

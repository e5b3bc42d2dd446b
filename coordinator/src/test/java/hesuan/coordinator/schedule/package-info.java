@org.jspecify.annotations.NullMarked
package hesuan.coordinator.schedule;

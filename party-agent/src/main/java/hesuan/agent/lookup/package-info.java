/**
 * Sets that are prepared before anybody asks: the holder's, sealed on its disk with the seed of
 * their key in its store, and the filters that an asker keeps of others' sets.
 */
@NullMarked
package hesuan.agent.lookup;

import org.jspecify.annotations.NullMarked;

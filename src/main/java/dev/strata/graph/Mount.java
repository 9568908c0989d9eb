package dev.strata.graph;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Something that a command sees in its file system and that does not enter the layer. Targets are absolute. */
public sealed interface Mount {
    /** The step whose files it shows. */
    default Optional<Integer> from() {
        return Optional.empty();
    }

    /** @param context whether the files come from a build context */
    record Bind(int step, boolean context, String source, String target, boolean readOnly) implements Mount {
        @Override
        public Optional<Integer> from() {
            return Optional.of(step);
        }
    }

    enum Sharing {
        SHARED,
        PRIVATE,
        LOCKED
    }

    /**
     * A folder that lives on between builds.
     *
     * @param step what an empty one begins with; null is nothing
     * @param mode of the folder when it is made
     */
    record Cache(
            String id,
            @Nullable Integer step,
            String source,
            String target,
            boolean readOnly,
            Sharing sharing,
            int mode,
            long uid,
            long gid)
            implements Mount {
        @Override
        public Optional<Integer> from() {
            return Optional.ofNullable(step);
        }
    }

    /**
     * @param target null where only the variable is wanted
     * @param environment the variable that gets the secret; null is none
     */
    record Secret(
            String id,
            @Nullable String target,
            @Nullable String environment,
            boolean required,
            int mode,
            long uid,
            long gid)
            implements Mount {}

    record Ssh(String id, String target, boolean required, int mode, long uid, long gid) implements Mount {}

    /** @param size limit in bytes; null is none */
    record Tmpfs(String target, @Nullable Long size) implements Mount {}
}

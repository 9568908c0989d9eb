package dev.strata.graph;

import dev.strata.image.Image;
import dev.strata.image.Reference;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work that ends with a file system. Steps name one another by id, their place in {@link BuildGraph#steps};
 * all variables are expanded. Instructions that change no file are no steps: they are lines of a {@link Product}.
 */
public sealed interface Step {
    int id();

    /** The steps that must have ended before, the parent first. */
    List<Integer> inputs();

    /** A step that people see: all but the sources of files. */
    sealed interface Visible extends Step {
        Label label();
    }

    /** A visible step that makes a layer on top of another step's file system. */
    sealed interface Layered extends Visible {
        int parent();

        /** Whether an earlier result must not be taken. */
        boolean noCache();

        @Override
        default List<Integer> inputs() {
            return List.of(parent());
        }
    }

    /** The empty file system of {@code FROM scratch}. */
    record Scratch(int id) implements Step {
        @Override
        public List<Integer> inputs() {
            return List.of();
        }
    }

    /**
     * An image that others begin with or copy from.
     *
     * @param name with the digest that it had when the graph was made
     */
    record Base(int id, Label label, Reference name, Image image) implements Visible {
        @Override
        public List<Integer> inputs() {
            return List.of();
        }
    }

    /** The files of a build context; the empty name is the main one. */
    record Files(int id, String context) implements Step {
        @Override
        public List<Integer> inputs() {
            return List.of();
        }
    }

    /**
     * A command.
     *
     * @param arguments program and arguments, the shell's own words included
     * @param environment variables in order, those of the image and the arguments seen
     * @param seen names of the build arguments among them
     * @param proxies further variables that are not part of what the step is
     * @param user as USER has it; empty is root
     * @param script a text that the command finds as a read-only file; null where there is none
     * @param network {@code default}, {@code none} or {@code host}
     */
    record Run(
            int id,
            Label label,
            int parent,
            List<String> arguments,
            SequencedMap<String, String> environment,
            List<String> seen,
            SequencedMap<String, String> proxies,
            String workingDirectory,
            String user,
            List<Mount> mounts,
            @Nullable Script script,
            String network,
            boolean insecure,
            List<String> addHosts,
            boolean noCache)
            implements Layered {
        public Run {
            arguments = List.copyOf(arguments);
            seen = List.copyOf(seen);
            mounts = List.copyOf(mounts);
            addHosts = List.copyOf(addHosts);
        }

        @Override
        public List<Integer> inputs() {
            java.util.ArrayList<Integer> all = new java.util.ArrayList<>(List.of(parent));
            mounts.stream().flatMap(mount -> mount.from().stream()).forEach(all::add);
            return all;
        }
    }

    /** A heredoc with an interpreter line, run as a program. */
    record Script(String path, String text) {}

    /**
     * Files copied onto the parent.
     *
     * @param add whether local archives are unpacked and remote sources allowed
     * @param destination absolute; a trailing slash means that it is a directory
     * @param owner {@code user[:group]} by name or number; null keeps what the source has
     * @param mode octal or symbolic; null keeps what the source has
     * @param link whether the layer must not depend on the parent's files
     * @param parents whether the sources' folders are made at the destination
     * @param unpack whether archives are unpacked; null is docker's rule
     */
    record Copy(
            int id,
            Label label,
            int parent,
            boolean add,
            List<Item> items,
            String destination,
            @Nullable String owner,
            @Nullable String mode,
            boolean link,
            boolean parents,
            List<String> exclude,
            @Nullable Boolean unpack,
            boolean noCache)
            implements Layered {
        public Copy {
            items = List.copyOf(items);
            exclude = List.copyOf(exclude);
        }

        @Override
        public List<Integer> inputs() {
            java.util.ArrayList<Integer> all = new java.util.ArrayList<>(List.of(parent));
            for (Item item : items) {
                if (item instanceof Item.Paths paths) {
                    all.add(paths.from());
                }
            }
            return all;
        }
    }

    /** Something to copy. */
    sealed interface Item {
        /**
         * Files of another step.
         *
         * @param context whether they come from a build context, whose files belong to root
         */
        record Paths(int from, String pattern, boolean context) implements Item {}

        /** A text written in place. */
        record Text(String name, String content) implements Item {}

        /** @param checksum {@code algorithm:hex} that the file must hash to; null is unchecked */
        record Http(String url, @Nullable String checksum) implements Item {}

        /** @param checksum a commit, perhaps cut, that must be checked out; null is unchecked */
        record Git(
                String url,
                @Nullable Boolean keepGitDirectory,
                @Nullable String checksum) implements Item {}
    }

    /** A directory that WORKDIR wants. */
    record MakeDirectory(int id, Label label, int parent, String path, String user, boolean noCache)
            implements Layered {}
}

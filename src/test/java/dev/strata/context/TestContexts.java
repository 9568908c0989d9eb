package dev.strata.context;

import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Contexts wired with what these tests need. */
final class TestContexts {
    private TestContexts() {}

    static Contexts in(Path folder) {
        return new Contexts(
                folder, new Git(folder, null), new Http(null, 1 << 20), new NoArchives(), root -> new NoTree());
    }

    private static final class NoArchives implements Contexts.Unpacking {
        @Override
        public boolean isArchive(Path file) {
            return false;
        }

        @Override
        public void archive(Path file, Path into) {
            throw new AssertionError("nothing here is an archive");
        }
    }

    private static final class NoTree implements Tree {
        @Override
        public @Nullable Node find(String path) {
            return null;
        }

        @Override
        public SortedMap<String, Node> children(String path) {
            return Collections.emptySortedMap();
        }

        @Override
        public InputStream open(String path) throws java.io.IOException {
            return Files.newInputStream(Path.of(path));
        }
    }
}

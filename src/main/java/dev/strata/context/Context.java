package dev.strata.context;

import dev.strata.layer.Tree;
import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The files of a build, here and unchanging until the build ends. What {@code .dockerignore} leaves out is still in it.
 *
 * @param root the folder that holds the files; inside it nothing but content
 * @param tree the same files, to look at
 * @param kind {@code empty}, {@code folder}, {@code volume}, {@code git}, {@code http}, {@code oci} or {@code oci-layout}
 * @param revision what tells these files from others of the same source: a commit, a digest, a path; {@code -} where
 *     nothing does
 * @param date when the revision was made: the commit's time, the server's Last-Modified, the image's creation; null
 *     where nothing tells
 */
public record Context(
        Path root,
        Tree tree,
        String kind,
        String revision,
        @Nullable Instant date) {}

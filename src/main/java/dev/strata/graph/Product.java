package dev.strata.graph;

import dev.strata.image.Execution;
import dev.strata.image.Image;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a stage makes: an image to begin with, and a line of history for every instruction.
 *
 * @param base the image that the first stage of the line began with
 * @param lines in order
 * @param step the step whose file system the stage ends with
 */
public record Product(
        Image base,
        List<Line> lines,
        Execution execution,
        @Nullable String author,
        int step) {
    public Product {
        lines = List.copyOf(lines);
    }

    /**
     * One instruction.
     *
     * @param createdBy as docker writes it into the history
     * @param step that made its layer; null where it changed no file
     */
    public record Line(String createdBy, @Nullable Integer step) {}
}

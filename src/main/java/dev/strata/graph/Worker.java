package dev.strata.graph;

import java.util.List;
import java.util.Map;

/**
 * Does steps. Called from many threads at once; an interrupted call ends soon and leaves nothing running.
 *
 * <p>{@code inputs} has the file systems of {@link Step#inputs} by id.
 */
public interface Worker {
    /** The file system of a step without a parent. Cheap: nothing is fetched before it is needed. */
    FileSystem source(Step step);

    /** The file system of a step whose layer is known. Cheap, too. */
    FileSystem restore(Step.Layered step, FileSystem parent, FileSystem.Made made);

    /**
     * Told that a step will be run, before all that it needs is there.
     *
     * @param below what it stands on, as far as that is known already
     * @param between the steps from there to it, which will be run, too
     */
    void expect(Step.Layered step, FileSystem below, List<Step.Layered> between);

    /**
     * Does the step. Its layer may still be in the making afterwards.
     *
     * @param first whether the cache knows nothing like it, so that its layer is hardly one that there is already
     */
    FileSystem run(Step.Layered step, Map<Integer, FileSystem> inputs, boolean first);

    /**
     * What decides the bytes of layers besides the steps, such as their compression; empty for the usual. It is part of every
     * key, so that no layer is taken for one of another form.
     */
    default String form() {
        return "";
    }

    /** What the step reads besides its parent: sources of a copy, bind mounts of a command. */
    Contents contents(Step.Layered step, Map<Integer, FileSystem> inputs);
}

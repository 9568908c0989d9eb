package dev.strata.graph;

/** Is told how steps go. Called from many threads. */
public interface Listener {
    void started(Step.Visible step);

    void cached(Step.Visible step);

    void missed(Step.Visible step, String reason);

    void done(Step.Visible step, double seconds);

    void failed(Step.Visible step, double seconds, Throwable failure);

    void canceled(Step.Visible step);

    void made(Step.Visible step, FileSystem.Made made);
}

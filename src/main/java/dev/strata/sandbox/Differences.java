package dev.strata.sandbox;

import dev.strata.layer.Change;
import dev.strata.layer.Content;
import java.util.SequencedCollection;

/**
 * What a step did to its root file system.
 *
 * @param changes sorted as {@link dev.strata.layer.LayerWriter} wants them
 * @param content of the files among them; readable until the {@link Snapshots} are closed
 */
public record Differences(SequencedCollection<Change> changes, Content content) {}

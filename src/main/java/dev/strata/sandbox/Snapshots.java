package dev.strata.sandbox;

import dev.strata.image.Layer;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Root file systems as transactions: a {@link Snapshot} never changes, an {@link Active} is a writable one on top of it
 * and becomes a snapshot itself when it is committed.
 *
 * <p>All of it lives in one state folder, where later builds find what earlier ones unpacked. Several builds may use one
 * state folder at once, in one process or in many; what a killed one left unfinished is removed by the next.
 * Implementations may be used by several threads.
 */
public interface Snapshots extends AutoCloseable {
    /** What keeps them: {@code overlay}, {@code btrfs} or {@code copy}. */
    String driver();

    /** Why this driver was chosen, in half a sentence. */
    String reason();

    /**
     * The root file system of a chain of layers. Layers that are not there yet are unpacked, in parallel where the
     * driver can; a failure leaves no part of a layer to be found later.
     *
     * @param chain the lowest layer first; an empty list is an empty root
     */
    Snapshot of(List<Layer> chain, TarSource source) throws IOException;

    /**
     * Unpacks a layer while it is made. Null where layers are unpacked onto each other, so that one alone has no place.
     *
     * @throws IOException where there is no room for it
     */
    default @Nullable Arrival arrival() throws IOException {
        return null;
    }

    /** A writable root file system that begins as {@code parent}, which must be one of these snapshots. */
    Active begin(Snapshot parent) throws IOException;

    /**
     * Says which layer the difference between a committed snapshot and its parent became, so that a later
     * {@link #of}, in this process or another, finds it without unpacking. To say it again changes nothing.
     */
    void name(Snapshot snapshot, Layer layer) throws IOException;

    /** Unmounts all, discards what is not committed or was not named; snapshots are of no use afterwards. */
    @Override
    void close() throws IOException;
}

package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/** One way of keeping {@link Snapshots}. */
interface Driver {
    String name();

    /** The folders of the state folder that it keeps snapshots in, and how it removes one. */
    Map<String, StateFolder.Folders> places();

    /**
     * Tries whether it works in this folder, and begins if so.
     *
     * @param reason why it was chosen
     * @param warnings told what of a layer could not be made here
     * @throws SandboxException where it does not work, with what stands against it
     */
    Snapshots open(Path stateFolder, String reason, Consumer<String> warnings) throws IOException;
}

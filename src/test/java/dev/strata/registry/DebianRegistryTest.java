package dev.strata.registry;

import java.io.IOException;
import java.nio.file.Path;

/** The registry that Debian packages, of the distribution project's line 2. */
class DebianRegistryTest extends RegistryContract {
    @Override
    Server open(Path place) throws IOException {
        return RegistryProgram.debian(place);
    }
}

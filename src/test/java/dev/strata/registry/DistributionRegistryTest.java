package dev.strata.registry;

import java.io.IOException;
import java.nio.file.Path;

/** The distribution project's registry, line 3. */
class DistributionRegistryTest extends RegistryContract {
    @Override
    Server open(Path place) throws IOException {
        return RegistryProgram.distribution(place);
    }
}

package dev.strata.registry;

import java.nio.file.Path;

/** The registry that the other tests command to misbehave, while it behaves. */
class MemoryRegistryTest extends RegistryContract {
    @Override
    Server open(Path place) {
        MemoryRegistry registry = MemoryRegistry.start();
        return new Server() {
            @Override
            public String host() {
                return registry.host();
            }

            @Override
            public void close() {
                registry.close();
            }
        };
    }
}

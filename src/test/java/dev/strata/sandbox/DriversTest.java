package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Layer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DriversTest {
    @TempDir
    Path folder;

    /** Works, or does not, without doing anything. */
    private record Fake(String name, boolean works) implements Driver {
        @Override
        public Map<String, StateFolder.Folders> places() {
            return Map.of();
        }

        @Override
        public Snapshots open(Path stateFolder, String reason, Consumer<String> warnings) {
            if (!works) {
                throw new SandboxException("none in " + stateFolder.getFileName(), null);
            }
            return new Opened(name, reason);
        }
    }

    private record Opened(String driver, String reason) implements Snapshots {
        @Override
        public Snapshot of(List<Layer> chain, TarSource source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Active begin(Snapshot parent) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void name(Snapshot snapshot, Layer layer) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    @Test
    void theFirstThatWorksIsTheBestAndSaysWhatStoodAgainstTheOthers() throws IOException {
        List<Driver> drivers = List.of(new Fake("one", false), new Fake("two", true), new Fake("three", true));
        assertThat(Drivers.best(drivers, Path.of("/state"), any -> {}))
                .isEqualTo(new Opened("two", "no one: none in state"));
    }

    @Test
    void whereNoneWorksAllObstaclesAreTold() {
        List<Driver> drivers = List.of(new Fake("one", false), new Fake("two", false));
        assertThatThrownBy(() -> Drivers.best(drivers, Path.of("/state"), any -> {}))
                .isInstanceOf(SandboxException.class)
                .hasMessageContaining("no one: none in state; no two: none in state");
    }

    @Test
    void theOneThatIsAskedForIsNotReplacedByAnother() {
        List<Driver> drivers = List.of(new Fake("one", false), new Fake("two", true));
        assertThatThrownBy(() -> Drivers.named(drivers, "one", Path.of("/state"), any -> {}))
                .hasMessage("the driver \"one\" does not work in /state: none in state");
    }

    @Test
    void anUnknownNameIsRefusedWithTheKnownOnes() {
        assertThatThrownBy(() -> Drivers.choose(folder, "zfs", any -> {}))
                .isInstanceOfSatisfying(SandboxException.class, e -> {
                    assertThat(e).hasMessage("there is no driver \"zfs\" for snapshots");
                    assertThat(e.mend()).isEqualTo("Use one of these: overlay, btrfs, copy");
                });
    }
}

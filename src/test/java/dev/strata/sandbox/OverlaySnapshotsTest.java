package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.image.Layer;
import dev.strata.layer.LayerException;
import dev.strata.layer.Tree;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class OverlaySnapshotsTest extends SnapshotsContract {
    @Override
    String driver() {
        return "overlay";
    }

    private Snapshots opened(Path state) throws IOException {
        return Drivers.choose(state, "overlay", warning -> {
            throw new AssertionError(warning);
        });
    }

    private static Arrival arrival(Snapshots snapshots) throws IOException {
        return Objects.requireNonNull(snapshots.arrival());
    }

    @Test
    void aLayerThatWasUnpackedWhileItWasMadeIsNotReadAgain() throws IOException {
        Layer base = tars.layer(new Tars.Entries().folder("etc", 0750).file("etc/passwd", "root:x:0:0"));
        byte[] withFolder = new Tars.Entries()
                .folder("srv", 0711)
                .file("srv/a", "x".repeat(300_000))
                .bytes();
        byte[] withoutFolder = new Tars.Entries().file("etc/group", "root:x:0:").bytes();
        try (Snapshots snapshots = opened(temporary.resolve("arrivals"))) {
            for (byte[] tar : List.of(withFolder, withoutFolder)) {
                try (Arrival arrival = arrival(snapshots)) {
                    arrival.tar().write(tar);
                    arrival.complete(Tars.named(tar));
                }
            }
            List<Layer> chain = List.of(base, Tars.named(withFolder), Tars.named(withoutFolder));
            Tree tree = snapshots.of(chain, tars).tree();

            assertThat(tars.opened).as("only the base was read").hasValue(1);
            assertThat(tree.children("etc").keySet()).containsExactly("group", "passwd");
            assertThat(Objects.requireNonNull(tree.find("etc")).metadata().mode())
                    .as("as the layer below has it")
                    .isEqualTo(0750);
            assertThat(Objects.requireNonNull(tree.find("srv")).metadata().mode())
                    .isEqualTo(0711);
            try (InputStream in = tree.open("srv/a")) {
                assertThat(in.readAllBytes()).asString().isEqualTo("x".repeat(300_000));
            }
            snapshots.of(chain, tars);
            assertThat(tars.opened).hasValue(1);
        }
    }

    @Test
    void ofALayerThatCannotBeUnpackedOrIsGivenUpNothingIsLeft() throws IOException {
        byte[] damaged = new byte[2_000_000];
        Arrays.fill(damaged, (byte) 'x');
        byte[] whole = new Tars.Entries().file("a", "x".repeat(300_000)).bytes();
        Path state = temporary.resolve("arrivals");
        try (Snapshots snapshots = opened(state)) {
            try (Arrival arrival = arrival(snapshots)) {
                arrival.tar().write(damaged); // does not wait for who has given up
                assertThatThrownBy(() -> arrival.complete(Tars.named(damaged))).isInstanceOf(LayerException.class);
            }
            try (Arrival arrival = arrival(snapshots)) {
                arrival.tar().write(whole, 0, 200_000);
            }
            try (var left = Files.walk(state)) { // the driver's folder has another name in a user namespace
                assertThat(left.filter(state.getFileSystem().getPathMatcher("glob:**/folders/*")::matches))
                        .isEmpty();
            }
            assertThat(snapshots.of(List.of(tars.layer(whole)), tars).tree().find("a"))
                    .isNotNull();
        }
    }

    @Test
    void ofALayerThatIsReadTwiceNothingIsLeftOfTheFirstReading() throws IOException {
        byte[] whole = new Tars.Entries()
                .file("a", "a".repeat(1_000))
                .file("b", "b".repeat(10_000))
                .bytes();
        Layer layer = tars.layer(whole);
        TarSource source = new TarSource() {
            @Override
            public InputStream openTar(Layer any) throws IOException {
                return tars.openTar(any);
            }

            @Override
            public <T> T read(Layer any, Reading<T> reading) throws IOException {
                InputStream broken = new ByteArrayInputStream(Arrays.copyOf(whole, 4_000));
                assertThatThrownBy(() -> reading.from(broken)).isInstanceOf(LayerException.class);
                return TarSource.super.read(any, reading);
            }
        };
        Path state = temporary.resolve("coming");
        try (Snapshots snapshots = opened(state)) {
            Tree tree = snapshots.of(List.of(layer), source).tree();
            assertThat(tree.children("").keySet()).containsExactly("a", "b");
            try (var left = Files.walk(state)) {
                assertThat(left.filter(state.getFileSystem().getPathMatcher("glob:**/folders/*/tree/a")::matches))
                        .hasSize(1);
            }
        }
    }

    @Test
    void whoAsksForAChainThatIsBeingUnpackedWaitsForIt() throws Exception {
        Layer base = tars.layer(new Tars.Entries().folder("etc", 0750).file("etc/passwd", "root:x:0:0"));
        Layer dependent = tars.layer(new Tars.Entries().file("etc/group", "root:x:0:")); // named only on what is below
        List<Layer> chain = List.of(base, dependent);
        try (Snapshots snapshots = opened(temporary.resolve("twice"));
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Tree>> trees = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                trees.add(threads.submit(() -> snapshots.of(chain, tars).tree()));
            }
            for (Future<Tree> tree : trees) {
                assertThat(tree.get().children("etc").keySet()).containsExactly("group", "passwd");
            }
            assertThat(tars.opened).as("each layer was read once").hasValue(2);
        }
    }
}

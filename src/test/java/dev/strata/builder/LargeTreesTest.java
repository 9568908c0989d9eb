package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Blobs;
import dev.strata.image.Layer;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.layer.Bounds;
import dev.strata.layer.Compression;
import dev.strata.layer.Content;
import dev.strata.layer.DiskTree;
import dev.strata.layer.LayerWriter;
import dev.strata.layer.Unpack;
import dev.strata.layer.VerifiedTar;
import dev.strata.plan.Plan;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files, folders and images of sizes that few have; each test takes seconds. */
@Tag("root")
@Timeout(600)
class LargeTreesTest {
    private static final long TEN_GIBIBYTES = 10L << 30;

    @TempDir
    Path folder;

    @Test
    void aFileOfTenGibibytesIsPackedAndUnpackedAndItsHolesTakeNoDisk() throws Exception {
        Path before = Files.createDirectory(folder.resolve("before"));
        try (FileChannel file =
                FileChannel.open(before.resolve("large"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap("begin".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            file.write(ByteBuffer.wrap("end".getBytes(java.nio.charset.StandardCharsets.UTF_8)), TEN_GIBIBYTES - 3);
        }
        DiskTree tree = new DiskTree(before);
        Blobs blobs = new Blobs(folder.resolve("store"));
        Layer layer = LayerWriter.write(TreeFiles.all(tree), Content.of(tree), Compression.ZSTD, 1, blobs)
                .layer();
        assertThat(layer.blob().size()).isLessThan(2 << 20);

        Path after = Files.createDirectory(folder.resolve("after"));
        try (InputStream tar = VerifiedTar.open(layer, blobs)) {
            Unpack.apply(tar, after, Unpack.Whiteouts.APPLY, Bounds.DEFAULT);
        }
        assertThat(after.resolve("large")).hasSize(TEN_GIBIBYTES);
        assertThat(blocks(after.resolve("large"))).isLessThan(1000);
        try (FileChannel file = FileChannel.open(after.resolve("large"))) {
            ByteBuffer end = ByteBuffer.allocate(3);
            file.read(end, TEN_GIBIBYTES - 3);
            assertThat(end.array()).asString().isEqualTo("end");
        }
    }

    /** Of 512 bytes each, that a file takes on disk. */
    private static long blocks(Path file) throws Exception {
        Process stat = new ProcessBuilder("stat", "--format=%b", file.toString()).start();
        return Long.parseLong(
                new String(stat.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip());
    }

    @Test
    void aHundredThousandFilesInOneFolderAreCopiedAndWrittenOut() throws IOException {
        Workbench bench = new Workbench(folder);
        bench.file("Dockerfile", "FROM scratch\nCOPY many /many\n");
        Path many = Files.createDirectory(bench.context.resolve("many"));
        for (int i = 0; i < 100_000; i++) {
            Files.createFile(many.resolve("file-" + i));
        }
        Path there = bench.path("files");
        bench.exports.add(new Plan.Export("local", there.toString()));
        bench.digest();
        try (var files = Files.list(there.resolve("many"))) {
            assertThat(files.count()).isEqualTo(100_000);
        }
    }

    @Test
    void anImageOfTwoHundredLayersIsBuiltAndBuiltUpon() throws IOException {
        Workbench bench = new Workbench(folder);
        StringBuilder text = new StringBuilder("FROM scratch\n");
        for (int i = 0; i < 200; i++) {
            text.append("COPY f /d/").append(i).append('\n');
        }
        bench.file("Dockerfile", text.toString()).file("f", "f");
        Path layout = bench.path("layout");
        bench.exports.add(new Plan.Export("oci", layout.toString()));
        bench.digest();
        assertThat(layers(layout)).hasSize(200);

        bench.exports.clear();
        Path files = bench.path("files");
        bench.exports.add(new Plan.Export("local", files.toString()));
        bench.contexts.put("base", new Plan.Source.OciLayout(layout.toString(), "latest"));
        bench.file("Dockerfile", "FROM base\nCOPY f /d/last\n");
        bench.digest();
        try (var inside = Files.list(files.resolve("d"))) {
            assertThat(inside.count()).isEqualTo(201);
        }
    }

    private static List<dev.strata.image.Descriptor> layers(Path layout) throws IOException {
        Layout opened = new Layout(layout);
        byte[] manifest = Files.readAllBytes(
                opened.blobs().path(opened.images().getFirst().digest()));
        return dev.strata.image.Json.read(manifest, Manifest.class).layers();
    }
}

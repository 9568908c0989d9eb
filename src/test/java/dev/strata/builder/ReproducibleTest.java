package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.JavaProcess;
import dev.strata.image.Blobs;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Layout;
import dev.strata.image.Manifest;
import dev.strata.layer.Compression;
import dev.strata.layer.Removal;
import dev.strata.plan.Plan;
import dev.strata.sandbox.BusyboxRoot;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same input is the same digest, whoever builds it, where and when. */
class ReproducibleTest {
    @TempDir
    Path folder;

    private Workbench bench(String place, Instant now, Instant checkedOut) throws IOException {
        Workbench bench = new Workbench(Files.createDirectories(folder.resolve(place)));
        bench.file("Dockerfile", """
                        FROM scratch AS other
                        COPY src /out
                        FROM scratch
                        WORKDIR /app
                        COPY --from=other /out .
                        COPY src/main.js <<inline /more/
                        text
                        inline
                        ADD src.tar /archive
                        """).file("src/main.js", "main").file("src/deep/other.js", "other");
        archive(bench.context);
        try (Stream<Path> files = Files.walk(bench.context)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(checkedOut));
            }
        }
        bench.reproducible = true;
        bench.clock = Clock.fixed(now, ZoneOffset.UTC);
        return bench;
    }

    private static void archive(Path context) throws IOException {
        Path content = Files.createTempDirectory("archive");
        Files.setLastModifiedTime(
                Files.writeString(content.resolve("file"), "archived"),
                FileTime.from(Instant.ofEpochSecond(1_500_000_000)));
        dev.strata.layer.DiskTree tree = new dev.strata.layer.DiskTree(content);
        try (var out = Files.newOutputStream(context.resolve("src.tar"))) {
            dev.strata.layer.LayerWriter.writeTar(TreeFiles.all(tree), dev.strata.layer.Content.of(tree), out);
        }
        Removal.of(content);
    }

    @ParameterizedTest
    @CsvSource({"1700000000", "0", "1900000000"})
    void placeClockAndTimeOfCheckoutDoNotShow(long sourceDate) throws IOException {
        Workbench one = bench("here", Instant.ofEpochSecond(1_800_000_000), Instant.ofEpochSecond(1_750_000_000));
        Workbench other =
                bench("there/deeper", Instant.ofEpochSecond(1_850_000_000), Instant.ofEpochSecond(1_770_000_000));
        one.sourceDate = sourceDate;
        other.sourceDate = sourceDate;
        assertThat(one.digest()).isEqualTo(other.digest());
    }

    @Test
    void withoutADateItIsTheStartOf1970() throws IOException {
        Workbench one = bench("here", Instant.ofEpochSecond(1_800_000_000), Instant.ofEpochSecond(1_750_000_000));
        Workbench other = bench("there", Instant.ofEpochSecond(1_850_000_000), Instant.ofEpochSecond(1_770_000_000));
        assertThat(one.digest()).isEqualTo(other.digest());
    }

    @Test
    void whatWasBuiltForAnotherDateIsNotTaken() throws IOException {
        Workbench one = bench("here", Instant.ofEpochSecond(1_800_000_000), Instant.ofEpochSecond(1_750_000_000));
        one.reproducible = false;
        String plain = one.digest();
        one.reproducible = true;
        one.sourceDate = 1_700_000_000L;
        String dated = one.digest();
        assertThat(dated).isNotEqualTo(plain);
        assertThat(one.missed())
                .allMatch(reason -> reason.contains("how layers are written changed")
                        || reason.contains("a step before it changed"));
        assertThat(one.fresh().digest()).as("without any cache").isEqualTo(dated);
        one.sourceDate = 1_600_000_000L;
        String earlier = one.digest();
        assertThat(earlier).isNotEqualTo(dated);
        assertThat(one.fresh().digest()).isEqualTo(earlier);
    }

    @Test
    void aLayerOfAnotherCompressionIsNotTaken() throws IOException {
        Workbench one = bench("here", Instant.ofEpochSecond(1_800_000_000), Instant.ofEpochSecond(1_750_000_000));
        String gzip = one.digest();
        one.compression = "zstd";
        String zstd = one.digest();
        assertThat(one.fresh().digest()).as("without any cache").isEqualTo(zstd).isNotEqualTo(gzip);
        one.level = 19;
        String smaller = one.digest();
        assertThat(one.fresh().digest()).isEqualTo(smaller);
    }

    /** Not by what one machine has and another has not. */
    @Test
    void layersAreWrittenByZlibOnEveryMachine() throws IOException {
        Workbench one = bench("here", Instant.ofEpochSecond(1_800_000_000), Instant.ofEpochSecond(1_750_000_000));
        one.file("Dockerfile", "FROM scratch\nCOPY large /\n").file("large", "many words ".repeat(300_000));
        Path image = folder.resolve("image");
        one.exports.add(new Plan.Export("oci", image.toString()));
        one.digest();
        Blobs blobs = new Layout(image).blobs();
        Digest digest = new Layout(image).images().getFirst().digest();
        Manifest manifest = Json.read(Files.readAllBytes(blobs.path(digest)), Manifest.class);
        byte[] layer =
                Files.readAllBytes(blobs.path(manifest.layers().getFirst().digest()));
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        try (InputStream tar = Compression.decompress(new ByteArrayInputStream(layer));
                OutputStream out = Compression.GZIP.compress(again, 1)) {
            tar.transferTo(out);
        }
        assertThat(layer).isEqualTo(again.toByteArray());
    }

    /** A build by a process of its own, which may be another user. */
    private String digestOf(Path context, String name, List<String> before, String... more) throws Exception {
        Path place = Files.createDirectories(folder.resolve(name));
        List<String> words = new ArrayList<>(before);
        words.addAll(JavaProcess.strata(
                "build",
                "--progress=quiet",
                "--reproducible",
                "--source-date-epoch=1700000000",
                "--state=" + place.resolve("state"),
                "--output=type=oci,dest=" + place.resolve("image"),
                context.toString()));
        ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
        for (String variable : more) {
            builder.environment().put(variable.replaceFirst("=.*", ""), variable.replaceFirst("[^=]*=", ""));
        }
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return new Layout(place.resolve("image")).images().getFirst().digest().toString();
    }

    @Test
    @Tag("root")
    @Timeout(300)
    void theUserWhoBuildsAndTheRunOfJavaDoNotShow() throws Exception {
        Workbench one = bench("here", Instant.now(), Instant.ofEpochSecond(1_750_000_000));
        Workbench other = bench("there", Instant.now(), Instant.ofEpochSecond(1_760_000_000));
        try (Stream<Path> files = Files.walk(other.context)) {
            for (Path file : files.toList()) {
                Files.setAttribute(file, "unix:uid", 1234);
                Files.setAttribute(file, "unix:gid", 5678);
            }
        }
        String root = digestOf(one.context, "by-root", List.of());
        String somebody = digestOf(
                other.context,
                "by-somebody",
                List.of("unshare", "--user", "--map-user=1234", "--map-group=5678"),
                "STRATA_ISOLATION=none",
                "TZ=Asia/Tokyo",
                "LC_ALL=C");
        assertThat(somebody).isEqualTo(root);
    }

    @Test
    @Tag("root")
    @Timeout(300)
    void whatCommandsWriteIsTheSameAtAnyTime() throws Exception {
        Path context = Files.createDirectories(folder.resolve("context"));
        BusyboxRoot.make(context.resolve("rootfs"));
        Files.writeString(context.resolve("Dockerfile"), """
                        FROM scratch
                        COPY rootfs /
                        RUN mkdir -p /made/deep && echo text >/made/deep/file && ln /made/deep/file /made/linked && rm /bin/wc
                        RUN ln -s deep /made/link && chmod 4755 /made/linked
                        """);
        List<String> apart = List.of("unshare", "--mount", "--propagation", "private");
        assertThat(digestOf(context, "first", apart)).isEqualTo(digestOf(context, "second", apart));
    }
}

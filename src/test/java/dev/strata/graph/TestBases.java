package dev.strata.graph;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Execution;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Layer;
import dev.strata.image.MediaTypes;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Every name is an image of one layer; what is asked for is written down. */
final class TestBases implements Bases {
    final List<String> asked = new ArrayList<>();
    private final Map<String, Execution> configurations = new HashMap<>();
    private final Map<String, String> versions = new HashMap<>();

    TestBases() {
        with("debian:12", execution -> {
            execution.env.put("PATH", "/usr/bin:/bin");
            execution.cmd = List.of("bash");
        });
    }

    /** Gives a name an image with this configuration. */
    TestBases with(String name, Consumer<Execution.Builder> change) {
        Execution.Builder builder = Execution.EMPTY.edit();
        change.accept(builder);
        configurations.put(name, builder.build());
        return this;
    }

    /** Makes a name mean other files. */
    void move(String name) {
        versions.merge(name, "1", String::concat);
    }

    @Override
    public Found find(Reference name, Platform platform) {
        asked.add(name.familiar() + " " + platform);
        return found(name.withTag(name.tagOrLatest()), name.familiar(), platform);
    }

    @Override
    public Found layout(String context, Platform platform) {
        asked.add("layout " + context + " " + platform);
        return found(Reference.parse("layout.example/" + context), context, platform);
    }

    private Found found(Reference name, String text, Platform platform) {
        Digest digest = digest(text + platform + versions.getOrDefault(text, ""));
        ImageConfig config = ImageConfig.scratch(platform)
                .with(configurations.getOrDefault(text, Execution.EMPTY))
                .plus(new ImageConfig.History(null, "files of " + text, null, null, false), digest);
        return new Found(name.withDigest(digest), new Image(config, List.of(layer(digest))));
    }

    static Layer layer(Digest diffId) {
        return new Layer(new Descriptor(MediaTypes.LAYER_GZIP, diffId, 100), diffId);
    }

    static Digest digest(String text) {
        return Digest.sha256(text.getBytes(StandardCharsets.UTF_8));
    }
}

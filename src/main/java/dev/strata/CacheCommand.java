package dev.strata;

import dev.strata.builder.RegistryCacheCleaner;
import dev.strata.builder.Retention;
import dev.strata.builder.Retention.Cleaning;
import dev.strata.builder.Retention.Item;
import dev.strata.builder.StateCleaner;
import dev.strata.image.Json;
import dev.strata.image.Reference;
import dev.strata.registry.Registry;
import dev.strata.registry.RegistryException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code strata cache}: what the cache knows, and less of it. */
@Command(
        name = "cache",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Lists what a cache holds, or removes what is old or too much.",
        footer = {
            "",
            "Examples:",
            "  strata cache list",
            "  strata cache prune --older-than 14d --keep-bytes 20GB",
            "  strata cache prune --cache-repo registry.example/team-a/shop-cache --older-than 30d --dry-run",
            "",
            "Nothing is removed that something newer needs. A registry frees the bytes when it collects its garbage.",
            "Exit codes: 0 done, 1 the folder is in use or cannot be written, 2 wrong usage, 3 the registry failed."
        })
final class CacheCommand implements Callable<Integer> {
    /** What is done. */
    enum Action {
        LIST,
        PRUNE
    }

    /** How it is printed. */
    enum Format {
        TEXT,
        JSON
    }

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private RegistryAccess access = new RegistryAccess();

    @Parameters(paramLabel = "ACTION", description = "list or prune.")
    private @Nullable Action action;

    @Option(
            names = "--cache-repo",
            paramLabel = "REPOSITORY",
            description = "The cache in this repository of a registry; default: the state folder.")
    private @Nullable String repository;

    @Option(
            names = "--state",
            paramLabel = "FOLDER",
            description = "The cache in this state folder; default: ~/.cache/strata/state.")
    private @Nullable Path state;

    @Option(
            names = "--older-than",
            paramLabel = "AGE",
            description = "Remove what was not used for longer, such as 12h, 14d.")
    private @Nullable String olderThan;

    @Option(
            names = "--keep-bytes",
            paramLabel = "SIZE",
            description = "Keep so much of the newest, such as 500MB, 20GB.")
    private @Nullable String keepBytes;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Also write to this file how many records and bytes were removed and how many stay, as JSON.")
    private @Nullable Path report;

    @Option(names = "--dry-run", description = "Say what would be removed, and remove nothing.")
    private boolean dryRun;

    @Option(names = "--format", paramLabel = "FORMAT", description = "text or json; default: text.")
    private Format format = Format.TEXT;

    @Override
    public Integer call() {
        CommandSpec command = Objects.requireNonNull(spec);
        Retention retention = retention(command);
        try {
            Cleaning cleaning = repository == null ? inState(retention) : inRegistry(command, repository, retention);
            print(cleaning);
            if (report != null) {
                Files.write(report, Json.bytes(summary(cleaning)));
            }
            return Main.OK;
        } catch (RegistryException e) {
            return Names.failed(command, e);
        } catch (IOException e) {
            return Names.failed(command, e);
        }
    }

    private Retention retention(CommandSpec command) {
        boolean limited = olderThan != null || keepBytes != null;
        if (action == Action.LIST) {
            if (limited || dryRun) {
                throw new ParameterException(command.commandLine(), "list removes nothing: say prune");
            }
            return Retention.ALL;
        }
        if (!limited) {
            throw new ParameterException(command.commandLine(), "prune needs --older-than or --keep-bytes");
        }
        return new Retention(
                olderThan == null ? null : Names.duration(command, "--older-than", olderThan),
                keepBytes == null ? null : Names.bytes(command, "--keep-bytes", keepBytes));
    }

    private boolean removes() {
        return action == Action.PRUNE && !dryRun;
    }

    private Cleaning inState(Retention retention) throws IOException {
        Path folder = Names.state(state);
        try (StateCleaner cleaner = new StateCleaner(folder)) {
            Cleaning cleaning = cleaner.plan(retention, Instant.now());
            if (removes()) {
                cleaner.carryOut(cleaning);
            }
            return cleaning;
        }
    }

    private Cleaning inRegistry(CommandSpec command, String name, Retention retention) throws IOException {
        Reference place = Names.reference(command, name);
        try (Registry registry = new Registry(access.options())) {
            RegistryCacheCleaner cleaner = new RegistryCacheCleaner(registry.origin(), place);
            return removes() ? cleaner.prune(retention, Instant.now()) : cleaner.plan(retention, Instant.now());
        }
    }

    private void print(Cleaning cleaning) {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        List<Item> shown = action == Action.LIST ? cleaning.stays() : cleaning.goes();
        switch (format) {
            case JSON ->
                out.println(Json.text(Map.of(
                        action == Action.LIST ? "items" : "removed",
                        shown.stream().map(CacheCommand::json).toList(),
                        "bytes",
                        action == Action.LIST ? total(cleaning) : cleaning.freed())));
            case TEXT -> {
                for (Item item : shown) {
                    out.printf(
                            "%-8s %s %10s  %s%n",
                            item.kind(),
                            item.used().truncatedTo(ChronoUnit.SECONDS),
                            LayerStack.size(item.bytes()),
                            item.what().isEmpty() ? item.name() : item.what());
                }
                out.println(sum(cleaning));
            }
        }
        out.flush();
    }

    private String sum(Cleaning cleaning) {
        if (action == Action.LIST) {
            return cleaning.stays().size() + " items, " + LayerStack.size(total(cleaning));
        }
        return cleaning.goes().size() + " items " + (dryRun ? "would be" : "were") + " removed, "
                + LayerStack.size(cleaning.freed()) + "; " + cleaning.stays().size() + " stay";
    }

    private static Map<String, Long> summary(Cleaning cleaning) {
        return Map.of(
                "removed", (long) cleaning.goes().size(),
                "bytes", cleaning.freed(),
                "stays", (long) cleaning.stays().size());
    }

    /** What all of it takes, each content once. */
    private static long total(Cleaning cleaning) {
        return new Cleaning(List.of(), cleaning.stays()).freed();
    }

    private static Map<String, Object> json(Item item) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kind", item.kind());
        fields.put("name", item.name());
        fields.put("what", item.what());
        fields.put("bytes", item.bytes());
        fields.put("used", item.used());
        fields.put("needs", item.needs());
        return fields;
    }
}

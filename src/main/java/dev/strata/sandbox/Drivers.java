package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The ways of keeping {@link Snapshots}, and which of them is used here. */
public final class Drivers {
    /** The best first. */
    static final List<Driver> ALL = List.of(new OverlayDriver(), new BtrfsDriver(), new CopyDriver());

    private Drivers() {}

    /**
     * Begins with the best driver that works in a folder; each is tried there.
     *
     * @param stateFolder made if it is not there; nothing else may use it
     * @param forced the name of a driver that must be used, or null for the best that works
     * @param warnings told, from any thread, what of a layer could not be made here, such as devices in a user namespace
     * @throws SandboxException where the forced one is unknown or does not work here
     */
    public static Snapshots choose(Path stateFolder, @Nullable String forced, Consumer<String> warnings)
            throws IOException {
        Path folder = Files.createDirectories(stateFolder).toRealPath();
        return forced == null ? best(ALL, folder, warnings) : named(ALL, forced, folder, warnings);
    }

    static Snapshots best(List<Driver> drivers, Path folder, Consumer<String> warnings) throws IOException {
        List<String> obstacles = new ArrayList<>();
        for (Driver driver : drivers) {
            try {
                return driver.open(
                        folder, obstacles.isEmpty() ? "it works here" : String.join("; ", obstacles), warnings);
            } catch (SandboxException e) {
                obstacles.add("no " + driver.name() + ": " + e.getMessage());
            }
        }
        throw new SandboxException(
                "no driver for snapshots works in " + folder + ": " + String.join("; ", obstacles),
                "Put the state folder on another file system");
    }

    static Snapshots named(List<Driver> drivers, String name, Path folder, Consumer<String> warnings)
            throws IOException {
        for (Driver driver : drivers) {
            if (driver.name().equals(name)) {
                return forced(driver, folder, warnings);
            }
        }
        String known = drivers.stream().map(Driver::name).collect(Collectors.joining(", "));
        throw new SandboxException("there is no driver \"" + name + "\" for snapshots", "Use one of these: " + known);
    }

    /**
     * A finished folder that later builds find.
     *
     * @param driver the folder of the driver that keeps it
     * @param used when it was made or last found
     */
    public record Named(String driver, String name, Path folder, Instant used) {}

    /** What is kept in a folder for later builds. */
    public static List<Named> named(Path stateFolder) throws IOException {
        List<Named> all = new ArrayList<>();
        for (Driver driver : ALL) {
            for (String place : driver.places().keySet().stream().sorted().toList()) {
                Path folder = stateFolder.resolve(place);
                for (Map.Entry<String, Path> entry : StateFolder.links(folder).entrySet()) {
                    Path link = entry.getValue();
                    Instant used = Files.getLastModifiedTime(link, LinkOption.NOFOLLOW_LINKS)
                            .toInstant();
                    all.add(new Named(place, entry.getKey(), StateFolder.folder(folder, link), used));
                }
            }
        }
        return all;
    }

    /** Removes what is kept under a name. No build may be using the folder. */
    public static void remove(Path stateFolder, String place, String name) throws IOException {
        for (Driver driver : ALL) {
            StateFolder.Folders kind = driver.places().get(place);
            if (kind != null) {
                StateFolder.remove(stateFolder.resolve(place), name, kind);
            }
        }
    }

    private static Snapshots forced(Driver driver, Path folder, Consumer<String> warnings) throws IOException {
        try {
            return driver.open(folder, "it was asked for", warnings);
        } catch (SandboxException e) {
            throw new SandboxException(
                    "the driver \"" + driver.name() + "\" does not work in " + folder + ": " + e.getMessage(),
                    "Leave the choice to Strata, or put the state folder elsewhere",
                    e);
        }
    }
}

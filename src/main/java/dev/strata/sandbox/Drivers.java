package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
     * @throws SandboxException where the forced one is unknown or does not work here
     */
    public static Snapshots choose(Path stateFolder, @Nullable String forced) throws IOException {
        Path folder = Files.createDirectories(stateFolder).toRealPath();
        return forced == null ? best(ALL, folder) : named(ALL, forced, folder);
    }

    static Snapshots best(List<Driver> drivers, Path folder) throws IOException {
        List<String> obstacles = new ArrayList<>();
        for (Driver driver : drivers) {
            try {
                return driver.open(folder, obstacles.isEmpty() ? "it works here" : String.join("; ", obstacles));
            } catch (SandboxException e) {
                obstacles.add("no " + driver.name() + ": " + e.getMessage());
            }
        }
        throw new SandboxException(
                "no driver for snapshots works in " + folder + ": " + String.join("; ", obstacles),
                "Put the state folder on another file system");
    }

    static Snapshots named(List<Driver> drivers, String name, Path folder) throws IOException {
        for (Driver driver : drivers) {
            if (driver.name().equals(name)) {
                return forced(driver, folder);
            }
        }
        String known = drivers.stream().map(Driver::name).collect(Collectors.joining(", "));
        throw new SandboxException("there is no driver \"" + name + "\" for snapshots", "Use one of these: " + known);
    }

    private static Snapshots forced(Driver driver, Path folder) throws IOException {
        try {
            return driver.open(folder, "it was asked for");
        } catch (SandboxException e) {
            throw new SandboxException(
                    "the driver \"" + driver.name() + "\" does not work in " + folder + ": " + e.getMessage(),
                    "Leave the choice to Strata, or put the state folder elsewhere",
                    e);
        }
    }
}

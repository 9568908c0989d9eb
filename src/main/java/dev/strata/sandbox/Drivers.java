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
    private static final List<Driver> ALL = List.of();

    private Drivers() {}

    /**
     * The best driver that works in a folder; each is tried there.
     *
     * @param stateFolder made if it is not there
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
            String obstacle = driver.obstacle(folder);
            if (obstacle == null) {
                return driver.open(folder, obstacles.isEmpty() ? "the best, and it works here" : join(obstacles));
            }
            obstacles.add("no " + driver.name() + ": " + obstacle);
        }
        throw new SandboxException("no driver for snapshots works in " + folder + ": " + join(obstacles), null);
    }

    static Snapshots named(List<Driver> drivers, String name, Path folder) throws IOException {
        for (Driver driver : drivers) {
            if (driver.name().equals(name)) {
                String obstacle = driver.obstacle(folder);
                if (obstacle == null) {
                    return driver.open(folder, "it was asked for");
                }
                throw new SandboxException(
                        "the driver \"" + name + "\" does not work in " + folder + ": " + obstacle,
                        "Leave the choice to Strata, or put the state folder elsewhere");
            }
        }
        throw new SandboxException(
                "there is no driver \"" + name + "\" for snapshots",
                "Use one of: " + drivers.stream().map(Driver::name).collect(Collectors.joining(", ")));
    }

    private static String join(List<String> obstacles) {
        return String.join("; ", obstacles);
    }
}

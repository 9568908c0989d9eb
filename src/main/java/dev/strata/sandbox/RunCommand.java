package dev.strata.sandbox;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * A command in a root file system of its own.
 *
 * @param root the root's folder, mounted and writable
 * @param environment exactly what the command sees
 * @param workingDirectory absolute, in the root; made when it is not there
 * @param groups further groups of the user
 * @param networkNone whether it has no network but its own loopback
 * @param extraHosts lines of {@code /etc/hosts}, {@code name:address}
 * @param insecure whether it gets every capability that is held here, without filters
 */
public record RunCommand(
        Path root,
        List<String> arguments,
        SequencedMap<String, String> environment,
        String workingDirectory,
        long uid,
        long gid,
        List<Long> groups,
        List<MountPoint> mounts,
        boolean networkNone,
        List<String> extraHosts,
        boolean insecure) {
    public RunCommand {
        arguments = List.copyOf(arguments);
        environment = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(environment));
        groups = List.copyOf(groups);
        mounts = List.copyOf(mounts);
        extraHosts = List.copyOf(extraHosts);
    }
}

package dev.strata.layer;

import java.io.IOException;

/** A call of the operating system failed; it knows the error's number, which has the same meaning on all of Linux. */
public final class PosixException extends IOException {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENOTDIR = 20;
    public static final int EINVAL = 22;
    public static final int ERANGE = 34;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOTEMPTY = 39;
    public static final int ENODATA = 61;
    public static final int ELOOP = 40;
    public static final int EOPNOTSUPP = 95;

    private final String call;
    private final String path;
    private final int errno;

    PosixException(String call, String path, int errno) {
        this.call = call;
        this.path = path;
        this.errno = errno;
    }

    /** Made when it is asked for: that a file is absent is seldom an error. */
    @Override
    public String getMessage() {
        return Names.shown(path) + ": " + call + ": " + NativeFunction.words(errno) + " (" + name(errno) + ")";
    }

    public int errno() {
        return errno;
    }

    /** Such as {@code EPERM}. */
    public String name() {
        return name(errno);
    }

    /** Whether there is nothing at a path, or a part of it is no directory. */
    boolean isAbsence() {
        return errno == ENOENT || errno == ENOTDIR;
    }

    private static String name(int errno) {
        return switch (errno) {
            case EPERM -> "EPERM";
            case ENOENT -> "ENOENT";
            case 5 -> "EIO";
            case EACCES -> "EACCES";
            case EBUSY -> "EBUSY";
            case EEXIST -> "EEXIST";
            case 18 -> "EXDEV";
            case 19 -> "ENODEV";
            case ENOTDIR -> "ENOTDIR";
            case 21 -> "EISDIR";
            case EINVAL -> "EINVAL";
            case 27 -> "EFBIG";
            case 28 -> "ENOSPC";
            case 30 -> "EROFS";
            case 31 -> "EMLINK";
            case ERANGE -> "ERANGE";
            case ENAMETOOLONG -> "ENAMETOOLONG";
            case ENOTEMPTY -> "ENOTEMPTY";
            case ELOOP -> "ELOOP";
            case ENODATA -> "ENODATA";
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case 116 -> "ESTALE";
            case 122 -> "EDQUOT";
            default -> "errno " + errno;
        };
    }
}

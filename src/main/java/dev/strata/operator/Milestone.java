package dev.strata.operator;

/** What an attempt reaches on its way, in this order. Until the next one, its time is spent on what {@link #then} names. */
enum Milestone {
    /** The operator saw what calls for it: a write, or the end of the attempt before it. */
    CALLED("operator"),
    /** The API server has its pod. */
    WRITTEN("scheduling"),
    /** The pod has a node. */
    SCHEDULED("pod"),
    /** The process of its container began. */
    PROCESS("java"),
    /** Java runs and has read the command line. */
    BEGUN("context"),
    /** The files are here. */
    SOURCE("plan"),
    /** The Dockerfile is read and the digests of its bases are known, so the steps are, too. */
    PLANNED("look-up"),
    /** It is known of a first step, other than a base, whether its result was in the cache. */
    FIRST_STEP("steps"),
    /** The last step has its result. */
    LAST_STEP("push"),
    /** The image is where it was wanted. */
    PUSHED("remember"),
    /** The builder said how it ended. */
    ENDED("status"),
    /** The API server has the status that tells of the build's end. */
    RECORDED("");

    private final String then;

    Milestone(String then) {
        this.then = then;
    }

    String then() {
        return then;
    }
}

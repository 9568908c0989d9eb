package dev.strata.dockerfile;

import java.util.List;

final class RunRules {
    RunRules(Dockerfile file, LintOptions options, GlobalScope scope, Findings findings) {}

    void check(List<Stage> stages) {}
}

"""Fetching, merging and pushing sources."""

from watchkeeper.pipelines.cause import family

FAMILY = family(
    "git",
    [
        ("not_found", "repository not found|repository '|does not appear to be a git repository", r"(?:remote: Repository not found|fatal: repository '(?P<url>[^']+)' not found|does not appear to be a git repository)", 8.5, "Check the address {url} and that the token may read it.", "remote: Repository not found."),
        ("ref_missing", "couldn't find remote ref|pathspec|reference is not a tree|not our ref|remote branch|unable to find commit|did not match any file(s) known|bad object", r"(?:couldn't find remote ref (?P<ref>\S+)|pathspec '(?P<path>[^']+)' did not match any file\(s\) known|reference is not a tree: (?P<sha>\w+)|not our ref|Remote branch (?P<branch>\S+) not found|bad object)", 8.6, "The ref {ref}{branch}{sha} is gone: it was deleted or rewritten; a deeper fetch may be needed.", "fatal: couldn't find remote ref feature/x"),
        ("revision", "unknown revision", r"unknown revision or path", 6.4, "The ref is gone or not fetched: fetch with full depth.", "fatal: ambiguous argument 'x': unknown revision or path not in the working tree."),
        ("conflict", "conflict (|automatic merge failed|merge conflict|could not apply|patch failed|needs merge|patch does not apply", r"(?:^CONFLICT \([\w/ ]+\): .{0,40}(?P<file>\S+)?|Automatic merge failed|error: could not apply|error: patch failed|patch does not apply|you need to resolve your current index)", 8.6, "Merge the base branch and resolve the conflict.", "CONFLICT (content): Merge conflict in a.py"),
        ("push_rejected", "[rejected]|failed to push some refs|non-fast-forward|[remote rejected]|protected branch", r"(?:! \[(?:remote )?rejected\]|failed to push some refs|non-fast-forward|protected branch hook declined)", 8.4, "Fetch and rebase before the push; a protected branch needs a pull request.", " ! [rejected]        main -> main (fetch first)"),
        ("submodule", "submodule", r"(?:[Nn]o (?:url|submodule mapping) found (?:for submodule path|in .gitmodules for path) '?(?P<path>[^']+)|fatal: .{0,80}submodule.{0,80}|Failed to (?:clone|recurse into) .{0,10}submodule .{0,80}|clone of .{1,200} into submodule path .{1,200} failed)", 8.5, "Mend the submodule {path} in .gitmodules.", "fatal: No url found for submodule path 'vendor/a' in .gitmodules"),
        ("lfs", "git-lfs|smudge filter|lfs", r"(?i)(?:smudge filter lfs failed|batch response: .{0,120}|git-lfs.{0,60}(?:not found|error)|LFS .{0,40}quota)", 8.6, "Check the LFS quota and that git-lfs is installed.", "Error downloading object: smudge filter lfs failed"),
        ("not_repository", "not a git repository", r"[Nn]ot a git repository", 6.5, "Check the sources out before this step.", "fatal: not a git repository (or any of the parent directories): .git"),
        ("unrelated", "refusing to merge unrelated|unrelated histories|no merge base|shallow", r"(?:refusing to merge unrelated histories|no merge base|shallow update not allowed|fatal: .{0,40}shallow)", 8.2, "Fetch with full depth.", "fatal: refusing to merge unrelated histories"),
        ("jenkins_clone", "error cloning remote repo|error fetching remote repo|could not checkout|couldn't find any revision", r"(?:Error (?:cloning|fetching) remote repo '(?P<remote>[^']+)'|Could not checkout \w+|Couldn't find any revision to build)", 8.2, "Check the remote {remote} and its credentials.", "ERROR: Error cloning remote repo 'origin'"),
        ("jenkins_exception", "gitexception", r"hudson\.plugins\.git\.GitException: (?P<what>.+)", 7.5, "", 'hudson.plugins.git.GitException: Command "git fetch" returned status code 128'),
        ("git_exit", "exit code: 128|exit code 128|status code 128|exited with 128", r"(?:[Gg]it.{0,20} failed with exit code:? (?:128|1)\b|returned status code 128|exited with 128)", 5.5, "", "##[error]Git fetch failed with exit code: 128"),
        ("travis_clone", "git clone|git checkout|git fetch", r"^The command \"(?:eval )?git (?:clone|checkout|fetch|submodule).{0,200}\" (?:failed|exited)", 6, "", 'The command "git fetch origin +refs/pull/1/merge:" failed and exited with 128'),
        ("identity", "please tell me who you are|empty ident", r"(?:Please tell me who you are|empty ident name)", 8.6, "Set user.name and user.email before committing.", "*** Please tell me who you are."),
        ("index_lock", "index.lock", r"Unable to create '.{1,200}index\.lock'", 8.4, "A run before left the lock: clean the workspace.", "fatal: Unable to create '/w/.git/index.lock': File exists."),
        ("early_eof", "early eof|rpc failed|index-pack failed|remote end hung up|unexpected disconnect", r"(?:early EOF|RPC failed|index-pack failed|remote end hung up|unexpected disconnect)", 7.4, "Run it again; fetch less depth when it returns.", "fatal: early EOF"),
        ("fatal", "fatal: ", r"^(?:stderr: |remote: )?fatal: (?!error)(?P<what>.{3,300})", 5.8, "", "fatal: ambiguous argument 'x'"),
        ("remote_error", "remote: ", r"^remote: (?:error|fatal|ERROR)(?P<what>.+)", 6.5, "", "remote: error: GH006: Protected branch update failed"),
        ("jgit", "org.eclipse.jgit", r"^(?:Caused by: )?org\.eclipse\.jgit\.\S*Exception: (?P<what>.+)", 6.2, "", "org.eclipse.jgit.api.errors.RefNotFoundException: Ref x cannot be resolved"),
        ("tag_missing", "no names found|no tags can describe|cannot describe", r"(?:No names found, cannot describe|No tags can describe|cannot describe anything)", 8, "Fetch tags (fetch-depth: 0).", "fatal: No names found, cannot describe anything."),
    ],
)  # fmt: skip

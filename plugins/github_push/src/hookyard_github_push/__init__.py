"""What a push to GitHub brought, in a few lines."""

from hookyard import Context, Plugin
from hookyard_github_push.push import Push
from hookyard_github_push.summary import Summary, summarize

__all__ = ["Push", "Summary", "plugin", "summary"]

plugin = Plugin("github_push")


@plugin.command(read_only=True, idempotent=True)
async def summary(data: Push, ctx: Context) -> Summary:
    """Sum up a push event.

    Takes the body of GitHub's `push` event as it is, so that a route needs no mapping. Pushes of tags, and those that
    create or delete a branch, are summed up too.
    """
    result = summarize(data)
    ctx.log.info("push.summed_up", repository=result.repository, commits=result.commits)
    return result

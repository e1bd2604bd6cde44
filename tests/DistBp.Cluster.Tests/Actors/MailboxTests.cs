using DistBp.Cluster.Actors;

namespace DistBp.Cluster.Tests.Actors;

public sealed class MailboxTests
{
    [Fact]
    public void Messages_come_in_the_order_of_their_posting_while_it_grows_and_wraps()
    {
        var mailbox = new Mailbox<string>("test");
        int posted = 0, taken = 0;
        for (int round = 0; round < 50; round++)
        {
            for (int i = 0; i < round; i++) mailbox.Post($"{posted++}");
            for (int i = 0; i < round / 2; i++)
            {
                Assert.True(mailbox.TryTake(out string? message));
                Assert.Equal($"{taken++}", message);
            }
        }
        while (mailbox.TryTake(out string? message)) Assert.Equal($"{taken++}", message);
        Assert.Equal(posted, taken);
    }

    [Fact]
    public void One_of_many_that_post_drains_and_nothing_is_left_or_taken_twice()
    {
        const int Posters = 4, Messages = 20_000;
        var mailbox = new Mailbox<Tuple<int, int>>("test");
        var last = new int[Posters];
        int draining = 0, taken = 0;
        Thread[] threads = [.. Enumerable.Range(1, Posters).Select(poster => new Thread(() =>
        {
            for (int i = 1; i <= Messages; i++)
            {
                if (!mailbox.Post(Tuple.Create(poster, i))) continue;
                Assert.Equal(1, Interlocked.Increment(ref draining));
                // Given up before the look that may let another one in.
                while (true)
                {
                    Interlocked.Decrement(ref draining);
                    if (!mailbox.TryTake(out Tuple<int, int>? message)) break;
                    Interlocked.Increment(ref draining);
                    Assert.Equal(++last[message!.Item1 - 1], message.Item2);
                    taken++;
                }
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(Posters * Messages, taken);
    }

    [Fact]
    public void A_mailbox_that_nobody_empties_is_a_bug_that_names_its_owner()
    {
        var mailbox = new Mailbox<string>("server 3");
        for (int i = 0; i < Mailbox<string>.Capacity; i++) mailbox.Post("");
        Assert.Contains("server 3", Assert.Throws<InvalidOperationException>(() => mailbox.Post("")).Message, StringComparison.Ordinal);
    }
}

using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Membership;

public sealed class RosterTests
{
    private static readonly FailureDetection Detection = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2));
    private readonly Roster _roster = new(Detection);
    private TimeSpan _now = TimeSpan.FromHours(1);

    [Fact]
    public void A_member_is_admitted_and_listed()
    {
        Assert.Equal([new MemberAdmitted(Member("a"))], Step(new JoinRequested(Member("a"))));
        Assert.Equal([new RosterEntry(Member("a"), MemberState.Active, _now, _now)], _roster.Entries);
    }

    [Fact]
    public void Members_are_listed_in_the_order_of_their_names()
    {
        foreach (string name in (string[])["b", "B", "a10", "a2"]) Step(new JoinRequested(Member(name)));
        Assert.Equal(["B", "a10", "a2", "b"], _roster.Entries.Select(e => e.Member.Id.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_live_name_is_refused_whatever_the_incarnation(ulong incarnation)
    {
        Step(new JoinRequested(Member("a", 1)));
        _now += TimeSpan.FromMilliseconds(300);
        var refused = Assert.IsType<MemberRefused>(Assert.Single(Step(new JoinRequested(Member("a", incarnation)))));
        Assert.Equal("the name 'a' is taken by the live node at 127.0.0.1:5601 (last heard 0.3 s ago)", refused.Reason);
        Assert.Equal(1UL, Assert.Single(_roster.Entries).Member.Id.Incarnation);
    }

    [Fact]
    public void A_name_is_free_again_when_its_member_is_lost()
    {
        Step(new JoinRequested(Member("a", 1)));
        Assert.Equal([new MemberLost(Member("a", 1), "its connection ended: reset")], Step(new ConnectionEnded(new MemberId("a", 1), "reset")));
        Assert.IsType<MemberAdmitted>(Assert.Single(Step(new JoinRequested(Member("a", 2)))));
    }

    [Fact]
    public void What_an_earlier_incarnation_sends_is_of_no_interest()
    {
        Step(new JoinRequested(Member("a", 1)));
        Step(new ConnectionEnded(new MemberId("a", 1), "reset"));
        Step(new JoinRequested(Member("a", 2)));
        var old = new MemberId("a", 1);
        _now += TimeSpan.FromSeconds(1);
        Message[] late = [new HeartbeatReceived(old), new LeaveRequested(old), new LeaveGranted(old), new ConnectionEnded(old, "again")];
        Assert.All(late, m => Assert.Empty(Step(m)));
        RosterEntry entry = Assert.Single(_roster.Entries);
        Assert.Equal((MemberState.Active, _now - TimeSpan.FromSeconds(1)), (entry.State, entry.HeardAt));
    }

    [Fact]
    public void A_silent_member_is_lost_within_the_bound_and_not_before_the_pause()
    {
        Step(new JoinRequested(Member("a")));
        TimeSpan joined = _now;
        List<Effect> effects = [];
        while (effects.Count == 0)
        {
            _now += Detection.HeartbeatInterval;
            effects.AddRange(Step(TimePassed.Instance));
        }
        Assert.InRange(_now - joined, Detection.AcceptablePause + TimeSpan.FromTicks(1), Detection.Bound);
        Assert.Equal([new MemberLost(Member("a"), "no heartbeat for 2.2 s, and acceptable-pause is 2.0 s")], effects);
        Assert.Empty(_roster.Entries);
    }

    [Fact]
    public void A_member_that_is_heard_stays()
    {
        Step(new JoinRequested(Member("a")));
        for (int i = 0; i < 100; i++)
        {
            _now += Detection.HeartbeatInterval;
            if (i % 9 == 0) Step(new HeartbeatReceived(new MemberId("a", 1)));
            Assert.Empty(Step(TimePassed.Instance));
        }
    }

    [Fact]
    public void A_coordinator_that_stood_still_itself_blames_nobody_for_that_time()
    {
        Step(new JoinRequested(Member("a")));
        Step(TimePassed.Instance);
        _now += TimeSpan.FromMinutes(5);
        Assert.Empty(Step(TimePassed.Instance));
        _now += Detection.Bound;
        Assert.Empty(Step(TimePassed.Instance));
        for (int i = 0; i < 10; i++)
        {
            _now += Detection.HeartbeatInterval;
            Step(TimePassed.Instance);
        }
        Assert.Empty(_roster.Entries);
    }

    [Fact]
    public void The_coordinators_own_node_cannot_be_lost()
    {
        Step(new JoinRequested(Member("a") with { IsHere = true }));
        for (int i = 0; i < 50; i++)
        {
            _now += Detection.HeartbeatInterval;
            Assert.Empty(Step(TimePassed.Instance));
        }
        var refused = Assert.IsType<MemberRefused>(Assert.Single(Step(new JoinRequested(Member("a", 7)))));
        Assert.Contains("the coordinator's own node", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_leaves_in_order()
    {
        Step(new JoinRequested(Member("a")));
        var id = new MemberId("a", 1);
        Assert.Equal([new MemberLeaves(Member("a"))], Step(new LeaveRequested(id)));
        Assert.Empty(Step(new LeaveRequested(id)));
        Assert.Equal([new MemberReleased(Member("a"))], Step(new LeaveGranted(id)));
        Assert.Empty(Step(new LeaveGranted(id)));
        Assert.Equal([new MemberLeft(Member("a"))], Step(new ConnectionEnded(id, "closed")));
        Assert.Empty(_roster.Entries);
    }

    [Fact]
    public void A_member_that_has_not_asked_is_not_released()
    {
        Step(new JoinRequested(Member("a")));
        Assert.Empty(Step(new LeaveGranted(new MemberId("a", 1))));
    }

    [Fact]
    public void A_member_that_goes_before_it_is_released_is_lost()
    {
        Step(new JoinRequested(Member("a")));
        Step(new LeaveRequested(new MemberId("a", 1)));
        Assert.IsType<MemberLost>(Assert.Single(Step(new ConnectionEnded(new MemberId("a", 1), "reset"))));
    }

    [Fact]
    public void A_released_member_that_hangs_counts_as_gone()
    {
        Step(new JoinRequested(Member("a")));
        Step(new LeaveRequested(new MemberId("a", 1)));
        Step(new LeaveGranted(new MemberId("a", 1)));
        List<Effect> effects = [];
        for (int i = 0; i < 11; i++)
        {
            _now += Detection.HeartbeatInterval;
            effects.AddRange(Step(TimePassed.Instance));
        }
        Assert.Equal([new MemberLeft(Member("a"))], effects);
    }

    [Fact]
    public void A_full_cluster_refuses_and_says_so()
    {
        for (int i = 0; i < Roster.MaxMembers; i++) Step(new JoinRequested(Member($"m{i}")));
        var refused = Assert.IsType<MemberRefused>(Assert.Single(Step(new JoinRequested(Member("one-more")))));
        Assert.Contains("4096", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_happens_every_member_comes_once_and_goes_once()
    {
        const int seed = 20261121;
        var random = new Random(seed);
        var alive = new Dictionary<string, ulong>();
        ulong incarnation = 0;
        for (int i = 0; i < 20_000; i++)
        {
            _now += TimeSpan.FromMilliseconds(random.Next(60));
            foreach (Effect effect in Step(AnyMessage(random, ref incarnation)))
            {
                switch (effect)
                {
                    case MemberAdmitted e: Assert.True(alive.TryAdd(e.Member.Id.Name, e.Member.Id.Incarnation), $"seed {seed}, step {i}: {e} twice"); break;
                    case MemberLeft e: Assert.True(alive.Remove(e.Member.Id.Name, out ulong left) && left == e.Member.Id.Incarnation); break;
                    case MemberLost e: Assert.True(alive.Remove(e.Member.Id.Name, out ulong lost) && lost == e.Member.Id.Incarnation); break;
                }
            }
            Assert.Equal(_roster.Entries.Select(e => (e.Member.Id.Name, e.Member.Id.Incarnation)).Order(), alive.Select(p => (p.Key, p.Value)).Order());
        }
    }

    private static Message AnyMessage(Random random, ref ulong incarnation)
    {
        string name = $"m{random.Next(6)}";
        var id = new MemberId(name, incarnation - (ulong)random.Next((int)Math.Min(incarnation + 1, 8)));
        return random.Next(8) switch
        {
            0 or 1 => new JoinRequested(Member(name, ++incarnation)),
            2 => new LeaveRequested(id),
            3 => new LeaveGranted(id),
            4 => new ConnectionEnded(id, "reset"),
            5 => TimePassed.Instance,
            _ => new HeartbeatReceived(id),
        };
    }

    private static MemberDescription Member(string name, ulong incarnation = 1) =>
        new(new MemberId(name, incarnation), NodeRoles.Worker | NodeRoles.Server, "127.0.0.1:5601", 2);

    private Effect[] Step(Message message)
    {
        var effects = new EffectList();
        _roster.Step(message, _now, effects);
        return [.. effects.Entries.ToArray().Select(e => e.Effect!)];
    }
}

using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests;

public sealed class GivenUpServerTests
{
    /// <summary>It stood still or was cut off: all that was sent to it comes at once, the end of its generation while its host still adds up.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void What_the_host_adds_up_stays_as_it_is_when_the_generation_ends_under_it(int server, int other)
    {
        var assignment = new Assignment(new Generation(1, 1), [0], [server], 2, 8192);
        var machine = new ParameterServer(server);
        var effects = new EffectList();
        machine.Step(new Assign(assignment, null, 0, 0, 0), effects);
        machine.Step(new HandShard(assignment.Generation, assignment.Shard(server), default, [], default), effects);
        machine.Step(new ShardLoaded(assignment.Generation), effects);
        machine.Step(new Proceed(assignment.Generation, 0, 10, 1), effects);
        effects.Clear();
        machine.Step(new PushGradient(assignment.Generation, 0, 0, new Subtree(0, 2), new GradientPart(default, []), new double[3]), effects);
        var combine = Assert.IsType<CombineGradients>(Assert.Single(effects.Entries.ToArray()).Effect);
        var next = new Assignment(new Generation(1, 2), [0], [other], 2, 8192);
        machine.Step(new Assign(next, assignment, 0, 0, 0) { LostServers = [server] }, effects);
        Assert.Equal(new Subtree(0, 2), Assert.Single(combine.Contributions).Subtree);
    }
}

using System.Threading.Channels;
using Akka.Actor;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Akka;

/// <summary>One membership of a node, on its own side: finds the singleton, joins it, and stays until either is gone.</summary>
internal sealed class MemberActor : ReceiveActor, IWithTimers
{
    private readonly IActorRef _proxy;
    private readonly JoinSought _join;
    private readonly ChannelWriter<IMessage> _heard;
    private readonly TimeSpan _interval;
    private IActorRef? _coordinator;
    private bool _isMember, _leaves;

    /// <param name="proxy">Of the singleton.</param>
    /// <param name="heard">Gets what the coordinator says, and what is found out about it.</param>
    public MemberActor(IActorRef proxy, JoinSought join, ChannelWriter<IMessage> heard, TimeSpan interval)
    {
        (_proxy, _join, _heard, _interval) = (proxy, join, heard, interval);
        Receive<Word>(OnWord);
        Receive<CoordinatorPlace>(_ => OnFound());
        Receive<ClusterNews>(OnNews);
        Receive<MembershipEnded>(Say);
        Receive<Terminated>(_ => Say(new MembershipEnded { Status = (uint)StatusCode.Unavailable, Detail = "Akka.Cluster counts it as gone" }));
    }

    /// <summary>To this actor.</summary>
    public enum Word
    {
        SpeakUp,
        Leave,
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Word), Word.SpeakUp, TimeSpan.Zero, _interval);
        base.PreStart();
    }

    protected override void PostStop()
    {
        if (_isMember) _coordinator?.Tell(new MembershipEnded());
        Say(new MembershipEnded { Status = (uint)StatusCode.Unavailable, Detail = "this node is not in Akka.Cluster any more" });
        base.PostStop();
    }

    private void OnWord(Word word)
    {
        _leaves |= word == Word.Leave;
        if (_coordinator is null) _proxy.Tell(new CoordinatorSought());
        else _coordinator.Tell(_isMember ? new Heartbeat { Leaving = _leaves } : _join);
    }

    private void OnFound()
    {
        if (_coordinator is not null) return;
        _coordinator = Sender;
        Context.Watch(Sender);
        Sender.Tell(_join);
    }

    private void OnNews(ClusterNews news)
    {
        bool isRepeated = _isMember && news.Admission is not null;
        _isMember = true;
        if (!isRepeated) Say(news);
    }

    /// <summary>What nobody reads any more is dropped.</summary>
    private void Say(IMessage heard) => _heard.TryWrite(heard);
}

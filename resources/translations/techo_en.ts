<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en_US">
<context>
    <name>Documents</name>
    <message numerus="yes">
        <source>%Ln of these cannot be read.</source>
        <translation>
            <numerusform>%Ln of these cannot be read.</numerusform>
            <numerusform>%Ln of these cannot be read.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Read %Ln documents</source>
        <translation>
            <numerusform>Read %Ln document</numerusform>
            <numerusform>Read %Ln documents</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln passages learned.</source>
        <translation>
            <numerusform>%Ln passage learned.</numerusform>
            <numerusform>%Ln passages learned.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %Ln more</source>
        <translation>
            <numerusform>and %Ln more</numerusform>
            <numerusform>and %Ln more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln passages were known already.</source>
        <translation>
            <numerusform>%Ln passage was known already.</numerusform>
            <numerusform>%Ln passages were known already.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln passages held nothing to learn.</source>
        <translation>
            <numerusform>%Ln passage held nothing to learn.</numerusform>
            <numerusform>%Ln passages held nothing to learn.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln pages could not be read.</source>
        <translation>
            <numerusform>%Ln page could not be read.</numerusform>
            <numerusform>%Ln pages could not be read.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln documents were not read.</source>
        <translation>
            <numerusform>%Ln document was not read.</numerusform>
            <numerusform>%Ln documents were not read.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>JournalDialog</name>
    <message numerus="yes">
        <source>Forget %Ln learned turns?</source>
        <translation>
            <numerusform>Forget %Ln learned turn?</numerusform>
            <numerusform>Forget %Ln learned turns?</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Forget all %Ln passages of “{name}”?</source>
        <translation>
            <numerusform>Forget the %Ln passage of “{name}”?</numerusform>
            <numerusform>Forget all %Ln passages of “{name}”?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>JournalModel</name>
    <message numerus="yes">
        <source>%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten</source>
        <translation>
            <numerusform>%Ln neuron recruited, {stronger} strengthened, {rewritten} rewritten</numerusform>
            <numerusform>%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LifeChart</name>
    <message numerus="yes">
        <source>%Ln lessons</source>
        <translation>
            <numerusform>%Ln lesson</numerusform>
            <numerusform>%Ln lessons</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message numerus="yes">
        <source>The memory went back: %Ln lessons are forgotten.</source>
        <translation>
            <numerusform>The memory went back: %Ln lesson is forgotten.</numerusform>
            <numerusform>The memory went back: %Ln lessons are forgotten.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Learned %Ln turns anew.</source>
        <translation>
            <numerusform>Learned %Ln turn anew.</numerusform>
            <numerusform>Learned %Ln turns anew.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MemoryMenu</name>
    <message numerus="yes">
        <source>%Ln learned turns will be forgotten. The conversations stay.</source>
        <translation>
            <numerusform>%Ln learned turn will be forgotten. The conversations stay.</numerusform>
            <numerusform>%Ln learned turns will be forgotten. The conversations stay.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MemoryPanel</name>
    <message numerus="yes">
        <source>%Ln oldest made room</source>
        <translation>
            <numerusform>%Ln oldest made room</numerusform>
            <numerusform>%Ln oldest made room</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>+%Ln more</source>
        <translation>
            <numerusform>+%Ln more</numerusform>
            <numerusform>+%Ln more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten</source>
        <translation>
            <numerusform>%Ln neuron recruited, {stronger} strengthened, {rewritten} rewritten</numerusform>
            <numerusform>%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons fired for the answer</source>
        <translation>
            <numerusform>%Ln neuron fired for the answer</numerusform>
            <numerusform>%Ln neurons fired for the answer</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons written by the turn</source>
        <translation>
            <numerusform>%Ln neuron written by the turn</numerusform>
            <numerusform>%Ln neurons written by the turn</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The last %Ln turns learned; the newest on the right.</source>
        <translation>
            <numerusform>The last %Ln turn learned.</numerusform>
            <numerusform>The last %Ln turns learned; the newest on the right.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Messages</name>
    <message numerus="yes">
        <source>%Ln messages were deleted.</source>
        <translation>
            <numerusform>%Ln message was deleted.</numerusform>
            <numerusform>%Ln messages were deleted.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message numerus="yes">
        <source>%Ln processor cores</source>
        <translation>
            <numerusform>%Ln processor core</numerusform>
            <numerusform>%Ln processor cores</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ProfileMenu</name>
    <message numerus="yes">
        <source>%Ln learned turns</source>
        <translation>
            <numerusform>%Ln learned turn</numerusform>
            <numerusform>%Ln learned turns</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln conversations</source>
        <translation>
            <numerusform>%Ln conversation</numerusform>
            <numerusform>%Ln conversations</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ReadingRow</name>
    <message numerus="yes">
        <source>Reading “{name}”, then %Ln more</source>
        <translation>
            <numerusform>Reading “{name}”, then %Ln more</numerusform>
            <numerusform>Reading “{name}”, then %Ln more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TimelineDialog</name>
    <message numerus="yes">
        <source>%Ln earlier lessons have been forgotten. Going back does not bring them back.</source>
        <translation>
            <numerusform>%Ln earlier lesson has been forgotten. Going back does not bring it back.</numerusform>
            <numerusform>%Ln earlier lessons have been forgotten. Going back does not bring them back.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln lessons</source>
        <translation>
            <numerusform>%Ln lesson</numerusform>
            <numerusform>%Ln lessons</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>on %Ln days</source>
        <translation>
            <numerusform>on %Ln day</numerusform>
            <numerusform>on %Ln days</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln were forgotten.</source>
        <translation>
            <numerusform>%Ln was forgotten.</numerusform>
            <numerusform>%Ln were forgotten.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %Ln more</source>
        <translation>
            <numerusform>and %Ln more</numerusform>
            <numerusform>and %Ln more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln lessons since, which going back forgets:</source>
        <translation>
            <numerusform>%Ln lesson since, which going back forgets:</numerusform>
            <numerusform>%Ln lessons since, which going back forgets:</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln messages are taken out of the conversations as well.</source>
        <translation>
            <numerusform>%Ln message is taken out of the conversations as well.</numerusform>
            <numerusform>%Ln messages are taken out of the conversations as well.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Forget %Ln lessons, and go back to the memory of that moment?</source>
        <translation>
            <numerusform>Forget %Ln lesson, and go back to the memory of that moment?</numerusform>
            <numerusform>Forget %Ln lessons, and go back to the memory of that moment?</numerusform>
        </translation>
    </message>
</context>
</TS>

<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ja" sourcelanguage="en_US">
<context>
    <name>About</name>
    <message>
        <source>a working copy</source>
        <translation>作業用コピー</translation>
    </message>
    <message>
        <source>A notebook that grows: a local assistant that learns from you, in its weights, as you talk.</source>
        <translation>育つ手帳。話すたびに、その内容を重みに書き込んで覚えていく、このコンピューターだけで動くアシスタントです。</translation>
    </message>
    <message>
        <source>Version: {version}</source>
        <translation>バージョン: {version}</translation>
    </message>
    <message>
        <source>Qt: {version}</source>
        <translation>Qt: {version}</translation>
    </message>
    <message>
        <source>Engine: {version}</source>
        <translation>エンジン: {version}</translation>
    </message>
    <message>
        <source>Language model: {name}</source>
        <translation>言語モデル: {name}</translation>
    </message>
    <message>
        <source>Its fingerprint: {digest}</source>
        <translation>モデルの指紋: {digest}</translation>
    </message>
    <message>
        <source>Memory: {size}, {used} of {total} neurons in use, lessons: {lessons}</source>
        <translation>記憶: {size}、使用中のニューロン {used} / {total}、覚えた発言 {lessons}</translation>
    </message>
    <message>
        <source>Your files: {folder}</source>
        <translation>データの場所: {folder}</translation>
    </message>
    <message>
        <source>Licence: Apache 2.0. Made with Qt for Python (LGPL 3), llama.cpp (MIT), numpy (BSD) and other free software; the bundled model SmolLM2 is under Apache 2.0. All parts and licences: packaging/sbom.cdx.json.</source>
        <translation>ライセンス: Apache 2.0。Qt for Python（LGPL 3）、llama.cpp（MIT）、numpy（BSD）などの自由ソフトウェアを使っています。付属のモデル SmolLM2 は Apache 2.0 です。すべての部品とライセンス: packaging/sbom.cdx.json</translation>
    </message>
    <message>
        <source>Nothing leaves this computer: no account, no telemetry, no network.</source>
        <translation>このコンピューターの外には何も出ません。アカウントも、利用状況の送信も、ネットワーク接続もありません。</translation>
    </message>
    <message>
        <source>About Techo</source>
        <translation>Techo について</translation>
    </message>
</context>
<context>
    <name>Avatars</name>
    <message>
        <source>Indigo</source>
        <translation>藍</translation>
    </message>
    <message>
        <source>Teal</source>
        <translation>青緑</translation>
    </message>
    <message>
        <source>Moss</source>
        <translation>苔色</translation>
    </message>
    <message>
        <source>Chestnut</source>
        <translation>栗色</translation>
    </message>
    <message>
        <source>Vermilion</source>
        <translation>朱色</translation>
    </message>
    <message>
        <source>Plum blossom</source>
        <translation>梅色</translation>
    </message>
    <message>
        <source>Violet</source>
        <translation>紫</translation>
    </message>
    <message>
        <source>Slate</source>
        <translation>鈍色</translation>
    </message>
    <message>
        <source>The file cannot be read: {reason}.</source>
        <translation>ファイルを読めません: {reason}</translation>
    </message>
    <message>
        <source>The picture is too large.</source>
        <translation>画像が大きすぎます。</translation>
    </message>
    <message>
        <source>That is no picture that Techo can read.</source>
        <translation>Techo が読める画像ではありません。</translation>
    </message>
    <message>
        <source>The picture is damaged.</source>
        <translation>画像が壊れています。</translation>
    </message>
</context>
<context>
    <name>Bubble</name>
    <message>
        <source>You said</source>
        <translation>あなたの発言</translation>
    </message>
    <message>
        <source>Techo answered</source>
        <translation>Techo の返事</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>答え直してもらう</translation>
    </message>
    <message>
        <source>Answer it</source>
        <translation>答えてもらう</translation>
    </message>
    <message>
        <source>Have the message answered</source>
        <translation>このメッセージに答えてもらう</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>続ける</translation>
    </message>
    <message>
        <source>Continue the reply</source>
        <translation>返事を続ける</translation>
    </message>
    <message>
        <source>Techo&apos;s memory spoke in this answer.</source>
        <translation>この返事には Techo の記憶が使われました。</translation>
    </message>
    <message>
        <source>You told it: “{text}”</source>
        <translation>あなたが話したこと:「{text}」</translation>
    </message>
    <message>
        <source>✦ from memory</source>
        <translation>✦ 記憶から</translation>
    </message>
    <message>
        <source>Techo learned from this message: it is in the weights now, in every conversation.</source>
        <translation>Techo はこのメッセージを覚えました。重みに書き込まれたので、どのチャットでも思い出せます。</translation>
    </message>
    <message>
        <source>✓ noted</source>
        <translation>✓ 覚えました</translation>
    </message>
    <message>
        <source>Waiting for the engine…</source>
        <translation>エンジンを待っています…</translation>
    </message>
    <message>
        <source>Sending…</source>
        <translation>送信しています…</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>停止しました</translation>
    </message>
    <message>
        <source>The reply reached its greatest length.</source>
        <translation>返事が最大の長さに達しました。</translation>
    </message>
    <message>
        <source>This message has no answer.</source>
        <translation>このメッセージには、まだ返事がありません。</translation>
    </message>
    <message>
        <source>Interrupted: the engine stopped before the reply was complete.</source>
        <translation>中断: 返事が終わる前にエンジンが止まりました。</translation>
    </message>
</context>
<context>
    <name>Card</name>
    <message>
        <source>You said ({day}): “{text}”</source>
        <translation>あなたの発言（{day}）: 「{text}」</translation>
    </message>
    <message>
        <source>That is right</source>
        <translation>そのとおり</translation>
    </message>
    <message>
        <source>Correct…</source>
        <translation>訂正する…</translation>
    </message>
    <message>
        <source>Forget…</source>
        <translation>忘れる…</translation>
    </message>
    <message>
        <source>Tell it</source>
        <translation>伝える</translation>
    </message>
    <message>
        <source>What is right</source>
        <translation>正しい内容</translation>
    </message>
    <message>
        <source>Strengthened</source>
        <translation>しっかり覚え直しました</translation>
    </message>
    <message>
        <source>Corrected</source>
        <translation>訂正しました</translation>
    </message>
</context>
<context>
    <name>ChatView</name>
    <message>
        <source>Conversation</source>
        <translation>会話</translation>
    </message>
    <message>
        <source>Alt+Up goes from message to message; the menu key says what can be done.</source>
        <translation>Alt+↑ でメッセージを順に移動し、メニューキーで操作を選べます。</translation>
    </message>
    <message>
        <source>Go to the newest message</source>
        <translation>最新のメッセージへ</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Command palette</source>
        <translation>コマンドパレット</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>何をしますか？</translation>
    </message>
    <message>
        <source>What can be done</source>
        <translation>できること</translation>
    </message>
    <message>
        <source>Nothing fits that.</source>
        <translation>当てはまるものがありません。</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Send the message</source>
        <translation>メッセージを送信</translation>
    </message>
    <message>
        <source>Break the line</source>
        <translation>改行</translation>
    </message>
    <message>
        <source>Tell Techo something, or ask…</source>
        <translation>話しかけるか、質問してください…</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>メッセージ</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter breaks the line.</source>
        <translation>Enter で送信、Shift+Enter で改行します。</translation>
    </message>
    <message>
        <source>Stop the reply</source>
        <translation>返事を止める</translation>
    </message>
    <message>
        <source>Stop (Esc)</source>
        <translation>止める (Esc)</translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation>送信 (Enter)</translation>
    </message>
    <message>
        <source>Learn from this chat</source>
        <translation>このチャットから覚える</translation>
    </message>
    <message>
        <source>Techo learns from this chat. Click to switch that off.</source>
        <translation>このチャットで話したことを覚えます。クリックすると、覚えないようにします。</translation>
    </message>
    <message>
        <source>Techo is not learning from this chat. Click to switch it on.</source>
        <translation>このチャットで話したことは覚えません。クリックすると、覚えるようにします。</translation>
    </message>
    <message>
        <source>A temporary chat learns nothing</source>
        <translation>一時的なチャットは何も覚えません</translation>
    </message>
    <message>
        <source>Have documents read and learned</source>
        <translation>文書を読ませて覚えさせる</translation>
    </message>
</context>
<context>
    <name>ConversationList</name>
    <message>
        <source>Pinned</source>
        <translation>ピン留め</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今日</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨日</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>過去 7 日間</translation>
    </message>
    <message>
        <source>MMMM yyyy</source>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>チャット</translation>
    </message>
    <message>
        <source>Enter opens a chat, F2 renames it, Delete deletes it.</source>
        <translation>Enter で開く、F2 で名前を変更、Delete で削除します。</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>名前を変更</translation>
    </message>
    <message>
        <source>Learn from this chat</source>
        <translation>このチャットから覚える</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>書き出す…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>削除</translation>
    </message>
    <message>
        <source>Undo deleting</source>
        <translation>削除を元に戻す</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>無題</translation>
    </message>
    <message>
        <source>Techo is not learning from this chat.</source>
        <translation>このチャットで話したことは覚えません。</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>ピン留めを外す</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>ピン留め</translation>
    </message>
</context>
<context>
    <name>Conversations</name>
    <message>
        <source>&amp;Search chats</source>
        <translation>チャットを検索(&amp;F)</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>無題</translation>
    </message>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>「{title}」を削除しました。</translation>
    </message>
    <message>
        <source>What Techo learned from it stays learned.</source>
        <translation>そこから覚えたことは残ります。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>元に戻す</translation>
    </message>
</context>
<context>
    <name>CopyButton</name>
    <message>
        <source>Copy the code</source>
        <translation>コードをコピー</translation>
    </message>
    <message>
        <source>Copy the message</source>
        <translation>メッセージをコピー</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>コピーしました</translation>
    </message>
</context>
<context>
    <name>Details</name>
    <message>
        <source>In use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>このモデルを使う</translation>
    </message>
    <message>
        <source>Delete the file…</source>
        <translation>ファイルを削除…</translation>
    </message>
    <message>
        <source>Take off the list</source>
        <translation>一覧から外す</translation>
    </message>
    <message>
        <source>Not for llama.cpp</source>
        <translation>llama.cpp では不可</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>アーキテクチャ</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>重みの数</translation>
    </message>
    <message>
        <source>Quantization</source>
        <translation>量子化</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大きさ</translation>
    </message>
    <message>
        <source>Trained for</source>
        <translation>学習時の文脈長</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>ライセンス</translation>
    </message>
    <message>
        <source>not said</source>
        <translation>記載なし</translation>
    </message>
    <message>
        <source>Languages</source>
        <translation>言語</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>Reads at once</source>
        <translation>一度に読む長さ</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} トークン</translation>
    </message>
    <message>
        <source>{count} tokens a second, measured</source>
        <translation>毎秒 {count} トークン（実測）</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速さ</translation>
    </message>
    <message>
        <source>File</source>
        <translation>ファイル</translation>
    </message>
    <message>
        <source>{name}, {bits} bits a weight</source>
        <translation>{name}（重み 1 つあたり {bits} ビット）</translation>
    </message>
    <message>
        <source>Memory: this model reads and writes it itself, word by word.</source>
        <translation>記憶: このモデルが自分で、一語ごとに読み書きします。</translation>
    </message>
    <message>
        <source>Memory: this model reads and writes it itself, in its own way. What was learned with another model it has to learn anew first (Memory menu).</source>
        <translation>記憶:このモデルが自分のやり方で読み書きします。別のモデルで覚えたことは、先に学び直す必要があります(「記憶」メニュー)。</translation>
    </message>
    <message>
        <source>Memory: by recollection. Techo&apos;s own small model reads along, learns what you say, and tells this one what it remembers. What was learned stays when you change the model.</source>
        <translation>記憶: 思い出した言葉を伝える方式です。Techo 付属の小さなモデルが一緒に読んで覚え、思い出したことをこのモデルに伝えます。モデルを替えても、覚えたことは残ります。</translation>
    </message>
    <message>
        <source>Delete the file</source>
        <translation>ファイルの削除</translation>
    </message>
    <message>
        <source>Delete “{name}”?</source>
        <translation>「{name}」を削除しますか？</translation>
    </message>
    <message>
        <source>The file is deleted from this computer. What was learned stays.</source>
        <translation>ファイルをこのコンピューターから削除します。覚えたことは残ります。</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>削除</translation>
    </message>
    <message>
        <source>GGUF files of it are published as {name}.</source>
        <translation>GGUF ファイルの公開元: {name}</translation>
    </message>
    <message>
        <source>The model is published as {name}.</source>
        <translation>モデルの公開元: {name}</translation>
    </message>
    <message>
        <source>{free} free on the disk.</source>
        <translation>ディスクの空きは {free} です。</translation>
    </message>
    <message>
        <source>Not enough room: it takes {wanted}, and {free} are free on the disk.</source>
        <translation>空きが足りません。必要なのは {wanted}、ディスクの空きは {free} です。</translation>
    </message>
    <message>
        <source>It takes {wanted}; {free} are free on the disk.</source>
        <translation>必要な容量は {wanted}、ディスクの空きは {free} です。</translation>
    </message>
    <message>
        <source>Go on downloading</source>
        <translation>ダウンロードを再開</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>ダウンロード</translation>
    </message>
    <message>
        <source>&amp;Quantization</source>
        <translation>量子化(&amp;Q)</translation>
    </message>
    <message>
        <source>Copy the name</source>
        <translation>名前をコピー</translation>
    </message>
    <message>
        <source>Address of the GGUF file (https://…)</source>
        <translation>GGUF ファイルのアドレス（https://…）</translation>
    </message>
    <message>
        <source>Address of the GGUF file</source>
        <translation>GGUF ファイルのアドレス</translation>
    </message>
    <message>
        <source>SHA-256 of the file, if you have it</source>
        <translation>ファイルの SHA-256（わかる場合）</translation>
    </message>
    <message>
        <source>SHA-256 of the file</source>
        <translation>ファイルの SHA-256</translation>
    </message>
</context>
<context>
    <name>DiagnosticsDialog</name>
    <message>
        <source>Looking…</source>
        <translation>調べています…</translation>
    </message>
    <message>
        <source>Diagnostics report</source>
        <translation>診断レポート</translation>
    </message>
    <message>
        <source>For whoever helps you: versions, this computer, sizes, codes of errors. Nothing that you said or that was learned is in it, no name, no title. It goes nowhere by itself.</source>
        <translation>問題を調べてくれる人のための情報です: バージョン、このコンピューター、ファイルの大きさ、エラーの番号。話したことや覚えたこと、名前、チャットの題名は含まれません。自動でどこかへ送られることはありません。</translation>
    </message>
    <message>
        <source>The report</source>
        <translation>レポート</translation>
    </message>
    <message>
        <source>&amp;Save…</source>
        <translation>保存(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>コピー(&amp;C)</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>コピーしました</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>レポートの保存</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>テキスト (*.txt)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>すべてのファイル (*)</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Kind of file:</source>
        <translation>ファイルの種類:</translation>
    </message>
    <message>
        <source>Saved as {path}.</source>
        <translation>{path} に保存しました。</translation>
    </message>
    <message>
        <source>It could not be saved as {path}: {reason}</source>
        <translation>{path} に保存できませんでした: {reason}</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
</context>
<context>
    <name>Documents</name>
    <message>
        <source>Read &amp;documents…</source>
        <translation>文書を読ませる(&amp;D)…</translation>
    </message>
    <message>
        <source>Have documents read and learned</source>
        <translation>文書を読ませて覚えさせる</translation>
    </message>
    <message>
        <source>Text, Markdown, PDF ({patterns})</source>
        <translation>テキスト、Markdown、PDF ({patterns})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>すべてのファイル (*)</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Kind of file:</source>
        <translation>ファイルの種類:</translation>
    </message>
    <message>
        <source>A temporary chat learns nothing, so nothing was read.</source>
        <translation>一時的なチャットは何も覚えないので、読みませんでした。</translation>
    </message>
    <message>
        <source>Begin or choose another chat, and drop the file there.</source>
        <translation>ほかのチャットを始めるか選んで、そこにファイルをドロップしてください。</translation>
    </message>
    <message>
        <source>There is no profile yet that could learn it.</source>
        <translation>それを覚えるプロファイルがまだありません。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read.</source>
        <translation>「{name}」は読めません。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln of these cannot be read.</source>
        <translation>
            <numerusform>このうち %Ln 個は読めません。</numerusform>
        </translation>
    </message>
    <message>
        <source>Text (.txt), Markdown (.md) and PDF files can be. Of a folder, drop the files in it.</source>
        <translation>読めるのはテキスト (.txt)、Markdown (.md)、PDF のファイルです。フォルダーは、中のファイルをドロップしてください。</translation>
    </message>
    <message>
        <source>Show it</source>
        <translation>表示する</translation>
    </message>
    <message numerus="yes">
        <source>Read %Ln documents</source>
        <translation>
            <numerusform>文書を %Ln 件読みました</numerusform>
        </translation>
    </message>
    <message>
        <source>{read}: {learned}</source>
        <translation>{read}。{learned}</translation>
    </message>
    <message>
        <source>Stopped reading “{name}”: {learned}</source>
        <translation>「{name}」を読むのをやめました。{learned}</translation>
    </message>
    <message>
        <source>“{name}” is known already, word for word.</source>
        <translation>「{name}」はもう一字一句覚えています。</translation>
    </message>
    <message>
        <source>Read “{name}”: {learned}</source>
        <translation>「{name}」を読みました。{learned}</translation>
    </message>
    <message numerus="yes">
        <source>%Ln passages learned.</source>
        <translation>
            <numerusform>%Ln 件の内容を覚えました。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %Ln more</source>
        <translation>
            <numerusform>ほか %Ln 件</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln passages were known already.</source>
        <translation>
            <numerusform>%Ln 件はもう知っていました。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln passages held nothing to learn.</source>
        <translation>
            <numerusform>%Ln 件には覚えることがありませんでした。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln pages could not be read.</source>
        <translation>
            <numerusform>%Ln ページは読めませんでした。</numerusform>
        </translation>
    </message>
    <message>
        <source>What was learned stays. Drop the file again to go on.</source>
        <translation>覚えたことは残ります。続けるには、もう一度ファイルをドロップしてください。</translation>
    </message>
    <message>
        <source>“{name}” was not read. {reason}</source>
        <translation>「{name}」は読みませんでした。{reason}</translation>
    </message>
    <message numerus="yes">
        <source>%Ln documents were not read.</source>
        <translation>
            <numerusform>%Ln 件の文書は読みませんでした。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DropSheet</name>
    <message>
        <source>A temporary chat learns nothing</source>
        <translation>一時的なチャットは何も覚えません</translation>
    </message>
    <message>
        <source>Drop it in another chat to have it read and learned.</source>
        <translation>読ませて覚えさせるには、ほかのチャットにドロップしてください。</translation>
    </message>
    <message>
        <source>Drop to have it read and learned</source>
        <translation>ドロップすると、読んで覚えます</translation>
    </message>
    <message>
        <source>Text, Markdown or PDF. It stays on this computer.</source>
        <translation>テキスト、Markdown、PDF。このコンピューターの外には出ません。</translation>
    </message>
    <message>
        <source>This cannot be read</source>
        <translation>これは読めません</translation>
    </message>
    <message>
        <source>Text, Markdown and PDF files can be.</source>
        <translation>読めるのはテキスト、Markdown、PDF のファイルです。</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>The window and the engine misunderstood each other.</source>
        <translation>画面とエンジンのやり取りに失敗しました。</translation>
    </message>
    <message>
        <source>Close Techo and start it again. If it happens again, it is a fault of Techo.</source>
        <translation>Techo を閉じて、もう一度起動してください。繰り返す場合は Techo の不具合です。</translation>
    </message>
    <message>
        <source>Something went wrong inside the engine.</source>
        <translation>エンジンの内部で問題が起きました。</translation>
    </message>
    <message>
        <source>Try again. If it happens again, close Techo and start it again.</source>
        <translation>もう一度お試しください。繰り返す場合は、Techo を閉じて起動し直してください。</translation>
    </message>
    <message>
        <source>The window and the engine are of different versions.</source>
        <translation>画面とエンジンのバージョンが異なります。</translation>
    </message>
    <message>
        <source>Close Techo and start it with ./techo, which brings both in line.</source>
        <translation>Techo を閉じ、./techo で起動してください。両方が同じバージョンになります。</translation>
    </message>
    <message>
        <source>That is too large.</source>
        <translation>大きすぎます。</translation>
    </message>
    <message>
        <source>Send it in smaller parts.</source>
        <translation>短く分けて送ってください。</translation>
    </message>
    <message>
        <source>The engine is busy.</source>
        <translation>エンジンは処理中です。</translation>
    </message>
    <message>
        <source>Wait a moment, then try again.</source>
        <translation>少し待ってから、もう一度お試しください。</translation>
    </message>
    <message>
        <source>It was stopped.</source>
        <translation>停止しました。</translation>
    </message>
    <message>
        <source>The language model was not found.</source>
        <translation>言語モデルが見つかりません。</translation>
    </message>
    <message>
        <source>Run ./techo once more: it sets up what is missing.</source>
        <translation>./techo をもう一度実行してください。足りないものが用意されます。</translation>
    </message>
    <message>
        <source>The language model could not be loaded, or could not go on.</source>
        <translation>言語モデルを読み込めないか、動作を続けられません。</translation>
    </message>
    <message>
        <source>Start the engine again. If that does not help, run ./techo setup.</source>
        <translation>エンジンを起動し直してください。直らない場合は ./techo setup を実行してください。</translation>
    </message>
    <message>
        <source>The message is too long for the language model.</source>
        <translation>メッセージが言語モデルには長すぎます。</translation>
    </message>
    <message>
        <source>This model file cannot be used.</source>
        <translation>このモデルファイルは使えません。</translation>
    </message>
    <message>
        <source>Choose another GGUF file, or fetch this one again.</source>
        <translation>別の GGUF ファイルを選ぶか、もう一度取得してください。</translation>
    </message>
    <message>
        <source>The list of models cannot be read.</source>
        <translation>モデルの一覧を読み込めません。</translation>
    </message>
    <message>
        <source>Install Techo again.</source>
        <translation>Techo を入れ直してください。</translation>
    </message>
    <message>
        <source>The download did not succeed.</source>
        <translation>ダウンロードに失敗しました。</translation>
    </message>
    <message>
        <source>Try again: it goes on where it stopped.</source>
        <translation>もう一度お試しください。途中から再開します。</translation>
    </message>
    <message>
        <source>There is no such profile.</source>
        <translation>そのプロファイルはありません。</translation>
    </message>
    <message>
        <source>Choose another profile, or make one.</source>
        <translation>別のプロファイルを選ぶか、新しく作成してください。</translation>
    </message>
    <message>
        <source>There is a profile of this name already.</source>
        <translation>同じ名前のプロファイルがすでにあります。</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>別の名前にしてください。</translation>
    </message>
    <message>
        <source>A profile cannot have this name.</source>
        <translation>この名前はプロファイルには使えません。</translation>
    </message>
    <message>
        <source>Choose another name, with letters or digits in it.</source>
        <translation>文字か数字を含む、別の名前にしてください。</translation>
    </message>
    <message>
        <source>The profile is open in another window or program.</source>
        <translation>このプロファイルは別のウィンドウかプログラムで開かれています。</translation>
    </message>
    <message>
        <source>Close it there, or choose another profile.</source>
        <translation>そちらを閉じるか、別のプロファイルを選んでください。</translation>
    </message>
    <message>
        <source>No profile is open.</source>
        <translation>プロファイルが開かれていません。</translation>
    </message>
    <message>
        <source>Choose a profile, or make one.</source>
        <translation>プロファイルを選ぶか、新しく作成してください。</translation>
    </message>
    <message>
        <source>There is no such conversation any more.</source>
        <translation>その会話はもうありません。</translation>
    </message>
    <message>
        <source>Choose another conversation, or begin a new one.</source>
        <translation>別の会話を選ぶか、新しく始めてください。</translation>
    </message>
    <message>
        <source>The memory has no such entry any more.</source>
        <translation>その項目はもう記憶にありません。</translation>
    </message>
    <message>
        <source>There is no such message any more.</source>
        <translation>そのメッセージはもうありません。</translation>
    </message>
    <message>
        <source>This colour or picture cannot be used.</source>
        <translation>この色や画像は使えません。</translation>
    </message>
    <message>
        <source>Choose another one.</source>
        <translation>別のものを選んでください。</translation>
    </message>
    <message>
        <source>The profile is locked.</source>
        <translation>このプロファイルはロックされています。</translation>
    </message>
    <message>
        <source>Type its passphrase.</source>
        <translation>パスフレーズを入力してください。</translation>
    </message>
    <message>
        <source>That is not the passphrase.</source>
        <translation>パスフレーズが違います。</translation>
    </message>
    <message>
        <source>Type it again: upper and lower case differ. A lost passphrase cannot be recovered.</source>
        <translation>もう一度入力してください（大文字と小文字は区別されます）。忘れたパスフレーズを取り戻す方法はありません。</translation>
    </message>
    <message>
        <source>This cannot be a passphrase.</source>
        <translation>これはパスフレーズに使えません。</translation>
    </message>
    <message>
        <source>The system&apos;s keyring cannot be used.</source>
        <translation>システムのキーリングを利用できません。</translation>
    </message>
    <message>
        <source>Unlock the keyring and try again, or go on with the passphrase.</source>
        <translation>キーリングのロックを解除してもう一度試すか、パスフレーズを入力して続けてください。</translation>
    </message>
    <message>
        <source>The profile is protected already, or not at all.</source>
        <translation>プロファイルはすでに保護されているか、保護されていません。</translation>
    </message>
    <message>
        <source>What this profile has learned belongs to another language model or another version of the memory.</source>
        <translation>このプロファイルが覚えた内容は、別の言語モデル、または別のバージョンの記憶のものです。</translation>
    </message>
    <message>
        <source>Start Techo with the model that the profile was made with, or choose another profile.</source>
        <translation>プロファイルを作ったときのモデルで Techo を起動するか、別のプロファイルを選んでください。</translation>
    </message>
    <message>
        <source>Something on the disk is damaged.</source>
        <translation>ディスク上のデータの一部が壊れています。</translation>
    </message>
    <message>
        <source>Nothing was thrown away. Choose another profile, or import a copy that was exported earlier.</source>
        <translation>何も捨てていません。別のプロファイルを選ぶか、以前に書き出したファイルを読み込んでください。</translation>
    </message>
    <message>
        <source>This was written by a newer version of Techo.</source>
        <translation>新しいバージョンの Techo で書かれたデータです。</translation>
    </message>
    <message>
        <source>Use the newer version.</source>
        <translation>新しいバージョンをお使いください。</translation>
    </message>
    <message>
        <source>The disk could not be read or written.</source>
        <translation>ディスクの読み書きに失敗しました。</translation>
    </message>
    <message>
        <source>See whether there is room on the disk, and whether the folder may be written to.</source>
        <translation>ディスクに空きがあるか、フォルダーに書き込めるかを確かめてください。</translation>
    </message>
    <message>
        <source>The file was not imported; nothing was changed.</source>
        <translation>ファイルは読み込まれませんでした。何も変わっていません。</translation>
    </message>
    <message>
        <source>Choose a file that Techo has exported.</source>
        <translation>Techo が書き出したファイルを選んでください。</translation>
    </message>
    <message>
        <source>This cannot be undone, so it has to be confirmed.</source>
        <translation>元に戻せない操作なので、確認が必要です。</translation>
    </message>
    <message>
        <source>Something of the protected profile was changed by somebody else, or is damaged.</source>
        <translation>保護されたプロファイルの一部が、ほかの誰かに書き換えられたか、壊れています。</translation>
    </message>
    <message>
        <source>What protected profiles need is not installed.</source>
        <translation>保護されたプロファイルに必要なものがインストールされていません。</translation>
    </message>
    <message>
        <source>The engine stopped before it answered.</source>
        <translation>エンジンが答える前に止まりました。</translation>
    </message>
    <message>
        <source>It is started again by itself; nothing that was said is lost.</source>
        <translation>自動的に起動し直します。話した内容は失われません。</translation>
    </message>
    <message>
        <source>A message from the engine</source>
        <translation>エンジンからのお知らせ</translation>
    </message>
    <message>
        <source>In the engine&apos;s words: {words}</source>
        <translation>エンジンの説明（英語）: {words}</translation>
    </message>
    <message>
        <source>The file is not there, or it may not be read.</source>
        <translation>ファイルがないか、読む許可がありません。</translation>
    </message>
    <message>
        <source>See whether it is still there, and whether you may read it.</source>
        <translation>ファイルがまだあるか、読む許可があるか確かめてください。</translation>
    </message>
    <message>
        <source>Files of this kind cannot be read.</source>
        <translation>この種類のファイルは読めません。</translation>
    </message>
    <message>
        <source>Text (.txt), Markdown (.md) and PDF files can: save it as one of them.</source>
        <translation>テキスト (.txt)、Markdown (.md)、PDF のどれかで保存してください。</translation>
    </message>
    <message>
        <source>There is nothing to read in this file.</source>
        <translation>このファイルには読むものがありません。</translation>
    </message>
    <message>
        <source>Choose a file with text in it.</source>
        <translation>文字の入ったファイルを選んでください。</translation>
    </message>
    <message>
        <source>This PDF holds pictures of pages only, and no text.</source>
        <translation>この PDF にはページの画像だけがあり、文字がありません。</translation>
    </message>
    <message>
        <source>Run it through a text recognition (OCR) first, and save the result as PDF or text.</source>
        <translation>先に文字認識 (OCR) にかけて、結果を PDF かテキストで保存してください。</translation>
    </message>
    <message>
        <source>This PDF is protected by a password.</source>
        <translation>この PDF はパスワードで保護されています。</translation>
    </message>
    <message>
        <source>Save a copy without the password, and choose that.</source>
        <translation>パスワードのない写しを保存して、それを選んでください。</translation>
    </message>
    <message>
        <source>This file is damaged and cannot be read.</source>
        <translation>このファイルは壊れていて読めません。</translation>
    </message>
    <message>
        <source>Open it in the program that it comes from and save it anew.</source>
        <translation>作成したプログラムで開いて、保存し直してください。</translation>
    </message>
    <message>
        <source>This document is too large.</source>
        <translation>この文書は大きすぎます。</translation>
    </message>
    <message>
        <source>Split it, and have the parts read that matter.</source>
        <translation>分割して、大事な部分を読ませてください。</translation>
    </message>
</context>
<context>
    <name>Flipper</name>
    <message>
        <source>Previous version</source>
        <translation>前の版</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>次の版</translation>
    </message>
    <message>
        <source>Version {place} of {count}</source>
        <translation>{count} 件中 {place} 番目の版</translation>
    </message>
</context>
<context>
    <name>Greeting</name>
    <message>
        <source>A temporary chat</source>
        <translation>一時的なチャット</translation>
    </message>
    <message>
        <source>I remember what I have learned, but nothing of this chat is kept or learned.
It is gone when you leave it.</source>
        <translation>覚えていることはお答えできますが、このチャットは保存も記憶もしません。
離れると消えます。</translation>
    </message>
    <message>
        <source>A notebook that grows</source>
        <translation>育つ手帳</translation>
    </message>
    <message>
        <source>Tell me about your people, places and plans. I learn as we talk, and I will still know tomorrow.
Everything stays on this computer.</source>
        <translation>身近な人や場所、予定のことを聞かせてください。話すたびに覚え、明日も忘れません。
すべてはこのコンピューターの中に残ります。</translation>
    </message>
</context>
<context>
    <name>JournalDialog</name>
    <message>
        <source>No learned turn is like that.</source>
        <translation>当てはまるものはありません。</translation>
    </message>
    <message>
        <source>Nothing learned yet.</source>
        <translation>まだ何も覚えていません。</translation>
    </message>
    <message>
        <source>Forget…</source>
        <translation>忘れる…</translation>
    </message>
    <message>
        <source>Forget {count}…</source>
        <translation>{count} 件を忘れる…</translation>
    </message>
    <message>
        <source>Forget “{text}”?</source>
        <translation>「{text}」を忘れますか？</translation>
    </message>
    <message numerus="yes">
        <source>Forget %Ln learned turns?</source>
        <translation>
            <numerusform>覚えた発言 %Ln 件を忘れますか？</numerusform>
        </translation>
    </message>
    <message>
        <source>The memory will be as if this had never been said. This cannot be undone.</source>
        <translation>記憶は、これを一度も聞かなかったときと同じになります。元に戻すことはできません。</translation>
    </message>
    <message>
        <source>The messages, and the replies to them, are taken out of the conversations as well.</source>
        <translation>元のメッセージと、それへの返事も、会話から取り除きます。</translation>
    </message>
    <message>
        <source>The messages stay in the conversations.</source>
        <translation>元のメッセージは会話に残ります。</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>忘れる</translation>
    </message>
    <message>
        <source>What I have learned</source>
        <translation>覚えたこと</translation>
    </message>
    <message>
        <source>Search in what was learned</source>
        <translation>覚えたことを検索</translation>
    </message>
    <message>
        <source>Learned when</source>
        <translation>覚えた時期</translation>
    </message>
    <message>
        <source>Learned turns, newest first</source>
        <translation>覚えた発言（新しい順）</translation>
    </message>
    <message>
        <source>Any time</source>
        <translation>すべての期間</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今日</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>過去 7 日間</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>過去 30 日間</translation>
    </message>
    <message>
        <source>Also take the messages out of the conversations</source>
        <translation>元のメッセージも会話から取り除く</translation>
    </message>
    <message>
        <source>Undo the last lesson…</source>
        <translation>最後に覚えたことを取り消す…</translation>
    </message>
    <message>
        <source>Forget all of “{name}”…</source>
        <translation>「{name}」をすべて忘れる…</translation>
    </message>
    <message numerus="yes">
        <source>Forget all %Ln passages of “{name}”?</source>
        <translation>
            <numerusform>「{name}」の %Ln 件をすべて忘れますか？</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>JournalModel</name>
    <message>
        <source>Learned</source>
        <translation>覚えた日時</translation>
    </message>
    <message>
        <source>What you said</source>
        <translation>話したこと</translation>
    </message>
    <message>
        <source>Surprise</source>
        <translation>意外さ</translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten</source>
        <translation>
            <numerusform>ニューロン: 新規 %Ln、強化 {stronger}、書き換え {rewritten}</numerusform>
        </translation>
    </message>
    <message>
        <source>From</source>
        <translation>出典</translation>
    </message>
</context>
<context>
    <name>Knowledge</name>
    <message>
        <source>You</source>
        <translation>あなた</translation>
    </message>
    <message>
        <source>Home</source>
        <translation>住まい</translation>
    </message>
    <message>
        <source>Work</source>
        <translation>仕事</translation>
    </message>
    <message>
        <source>Family and friends</source>
        <translation>家族と友人</translation>
    </message>
    <message>
        <source>Pets</source>
        <translation>ペット</translation>
    </message>
    <message>
        <source>Food and drink</source>
        <translation>食べ物と飲み物</translation>
    </message>
    <message>
        <source>Health</source>
        <translation>健康</translation>
    </message>
    <message>
        <source>Plans and travels</source>
        <translation>予定と旅行</translation>
    </message>
    <message>
        <source>Likes</source>
        <translation>好きなこと</translation>
    </message>
    <message>
        <source>Things and numbers</source>
        <translation>持ち物と番号</translation>
    </message>
</context>
<context>
    <name>KnowledgeDialog</name>
    <message>
        <source>Wait until the reply is finished.</source>
        <translation>返事が終わるまでお待ちください。</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>忘れる</translation>
    </message>
    <message>
        <source>Forget “{text}”?</source>
        <translation>「{text}」を忘れますか？</translation>
    </message>
    <message>
        <source>The memory will be as if this had never been said. The messages stay in the conversations. This cannot be undone.</source>
        <translation>記憶は、これを一度も聞かなかったときと同じになります。元のメッセージは会話に残ります。元に戻すことはできません。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>止める</translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation>もう一度思い出す</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>思い出しています…</translation>
    </message>
    <message>
        <source>Nothing came to mind.</source>
        <translation>何も思い浮かびませんでした。</translation>
    </message>
    <message>
        <source>{count} of {all} learned turns came to mind. The journal (Ctrl+J) has them all.</source>
        <translation>覚えた発言 {all} 件のうち {count} 件が思い浮かびました。すべては「覚えたこと」（Ctrl+J）で見られます。</translation>
    </message>
    <message>
        <source>What I know about you</source>
        <translation>あなたについて知っていること</translation>
    </message>
    <message>
        <source>This comes out of my weights, not out of a list, so it can be wrong. Beneath it stands what you said when I learned it.</source>
        <translation>一覧からではなく、重みから思い出しているので、間違えることがあります。下にあるのは、それを覚えたときのあなたの発言です。</translation>
    </message>
    <message>
        <source>Questions asked</source>
        <translation>尋ねた質問</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
</context>
<context>
    <name>LearnSwitch</name>
    <message>
        <source>&amp;Learn from this chat</source>
        <translation>このチャットから覚える(&amp;L)</translation>
    </message>
</context>
<context>
    <name>LearningAnew</name>
    <message>
        <source>Learn anew</source>
        <translation>学び直す</translation>
    </message>
    <message>
        <source>Have “{name}” learn anew with the model that talks now?</source>
        <translation>「{name}」に、いま話しているモデルで学び直させますか？</translation>
    </message>
    <message>
        <source>Every turn in the journal is read once more, ten to twenty a second. Nothing that you said is lost. Until then nothing can be said in this profile.</source>
        <translation>学習の記録をすべて読み直します（1 秒に 10〜20 件）。話したことは失われません。それまで、このプロファイルでは会話できません。</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>今はしない</translation>
    </message>
</context>
<context>
    <name>LifeChart</name>
    <message numerus="yes">
        <source>%Ln lessons</source>
        <translation>
            <numerusform>覚えた発言 %Ln 件</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LookDialog</name>
    <message>
        <source>Colour and picture</source>
        <translation>色と画像</translation>
    </message>
    <message>
        <source>Choose a picture…</source>
        <translation>画像を選ぶ…</translation>
    </message>
    <message>
        <source>Without a picture</source>
        <translation>画像をはずす</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Only a small copy of the picture is kept, in the profile itself.</source>
        <translation>画像は小さくした写しだけを、プロファイルの中に保存します。</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>画像を選ぶ</translation>
    </message>
    <message>
        <source>Pictures ({kinds})</source>
        <translation>画像 ({kinds})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>すべてのファイル (*)</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Kind of file:</source>
        <translation>ファイルの種類:</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>&amp;Chat</source>
        <translation>チャット(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>ヘルプ(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;New chat</source>
        <translation>新しいチャット(&amp;N)</translation>
    </message>
    <message>
        <source>New &amp;temporary chat</source>
        <translation>一時的なチャット(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Stop the reply</source>
        <translation>返事を止める(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Copy the last reply</source>
        <translation>最後の返事をコピー(&amp;C)</translation>
    </message>
    <message>
        <source>Copy the last &amp;block of code</source>
        <translation>最後のコードをコピー(&amp;B)</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>設定(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>終了(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Command palette…</source>
        <translation>コマンドパレット(&amp;C)…</translation>
    </message>
    <message>
        <source>&amp;Tour of the window</source>
        <translation>画面の案内(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts</source>
        <translation>キーボードショートカット(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Diagnostics report…</source>
        <translation>診断レポート(&amp;D)…</translation>
    </message>
    <message>
        <source>&amp;About Techo</source>
        <translation>Techo について(&amp;A)</translation>
    </message>
    <message>
        <source>Temporary chat: nothing of it is kept or learned.</source>
        <translation>一時的なチャット: 保存も記憶もされません。</translation>
    </message>
    <message>
        <source>Techo is not learning from this chat. What it knows, it still knows here.</source>
        <translation>このチャットで話したことは覚えません。すでに覚えていることは、ここでも思い出せます。</translation>
    </message>
    <message>
        <source>A small model can be wrong. What it learns stays on this computer.</source>
        <translation>小さなモデルなので、間違えることがあります。覚えたことは、このコンピューターの外に出ません。</translation>
    </message>
    <message>
        <source>Techo</source>
        <translation>Techo</translation>
    </message>
    <message>
        <source>{name} - Techo</source>
        <translation>{name} - Techo</translation>
    </message>
    <message>
        <source>Exported to {path} ({size}).</source>
        <translation>{path} に書き出しました（{size}）。</translation>
    </message>
    <message>
        <source>Imported as “{name}”.</source>
        <translation>「{name}」として読み込みました。</translation>
    </message>
    <message>
        <source>Open it</source>
        <translation>開く</translation>
    </message>
    <message>
        <source>“{name}” holds everything, too.</source>
        <translation>すべてを「{name}」に複製しました。</translation>
    </message>
    <message>
        <source>What was before is kept as “{name}”.</source>
        <translation>これまでの記憶は「{name}」に残しました。</translation>
    </message>
    <message numerus="yes">
        <source>The memory went back: %Ln lessons are forgotten.</source>
        <translation>
            <numerusform>記憶を戻し、覚えた発言 %Ln 件を忘れました。</numerusform>
        </translation>
    </message>
    <message>
        <source>The profile “{name}” is gone, with all its files.</source>
        <translation>プロファイル「{name}」を、すべてのファイルとともに削除しました。</translation>
    </message>
    <message>
        <source>The memory is empty again. The conversations are still there.</source>
        <translation>記憶を空に戻しました。会話は残っています。</translation>
    </message>
    <message numerus="yes">
        <source>Learned %Ln turns anew.</source>
        <translation>
            <numerusform>%Ln 件の発言を学び直しました。</numerusform>
        </translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>コピーしました</translation>
    </message>
    <message>
        <source>There is nothing to copy here yet.</source>
        <translation>コピーできるものはまだありません。</translation>
    </message>
    <message>
        <source>Chats</source>
        <translation>チャット</translation>
    </message>
    <message>
        <source>Tell me something</source>
        <translation>話してみてください</translation>
    </message>
    <message>
        <source>Write as you would to a friend: “My sister Aino works at the harbour.” Ask about it later: in another chat, tomorrow, next year.</source>
        <translation>友だちに書くつもりでどうぞ。例: “My sister Aino works at the harbour.” 別のチャットでも、明日でも、来年でも、あとから尋ねられます。今のモデルとの会話は英語です。</translation>
    </message>
    <message>
        <source>What was learned</source>
        <translation>覚えたこと</translation>
    </message>
    <message>
        <source>Here you see what the last message taught me, and how full my memory is. However much you tell me, it never gets larger.</source>
        <translation>直前の発言から覚えたことと、記憶がどこまで埋まったかが、ここでわかります。どれだけ話しても、記憶は大きくなりません。</translation>
    </message>
    <message>
        <source>Everything stays here</source>
        <translation>すべては手もとに</translation>
    </message>
    <message>
        <source>One notebook a person: switch, make, rename or delete them here. Nothing leaves this computer.</source>
        <translation>手帳は一人に一冊。切り替え、作成、名前の変更、削除はここで行います。このコンピューターの外には何も出ません。</translation>
    </message>
    <message>
        <source>Bring Techo forward</source>
        <translation>Techo を手前に出す</translation>
    </message>
    <message>
        <source>Language &amp;models…</source>
        <translation>言語モデル(&amp;M)…</translation>
    </message>
    <message>
        <source>“{name}” could not be loaded, so Techo&apos;s own model talks again.</source>
        <translation>「{name}」を読み込めなかったため、Techo 付属のモデルに戻しました。</translation>
    </message>
    <message>
        <source>“{name}” has arrived and was checked.</source>
        <translation>「{name}」をダウンロードし、検査しました。</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>このモデルを使う</translation>
    </message>
</context>
<context>
    <name>Markdown</name>
    <message>
        <source>picture</source>
        <translation>画像</translation>
    </message>
</context>
<context>
    <name>MemoryMenu</name>
    <message>
        <source>&amp;Memory</source>
        <translation>記憶(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Show the memory panel</source>
        <translation>記憶パネルを表示(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;What I have learned…</source>
        <translation>覚えたこと(&amp;W)…</translation>
    </message>
    <message>
        <source>The &amp;life of the memory…</source>
        <translation>記憶のあゆみ(&amp;L)…</translation>
    </message>
    <message>
        <source>&amp;Export to a file…</source>
        <translation>ファイルに書き出す(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Import from a file…</source>
        <translation>ファイルから読み込む(&amp;I)…</translation>
    </message>
    <message>
        <source>&amp;Learn anew…</source>
        <translation>学び直す(&amp;L)…</translation>
    </message>
    <message>
        <source>&amp;Reset the memory…</source>
        <translation>記憶を空にする(&amp;R)…</translation>
    </message>
    <message>
        <source>Learn anew</source>
        <translation>学び直す</translation>
    </message>
    <message>
        <source>Have “{name}” learn its whole journal anew?</source>
        <translation>「{name}」に日誌のすべてを学び直させますか?</translation>
    </message>
    <message>
        <source>After a change of model or of Techo&apos;s version the memory has to be learned again: every turn in the journal is read once more, ten to twenty a second. Nothing that you said is lost.</source>
        <translation>モデルや Techo の版が変わったあとは、記憶を学び直す必要があります。日誌の発言を一つずつもう一度読みます(1 秒に 10〜20 件)。話したことは何も失われません。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln learned turns will be forgotten. The conversations stay.</source>
        <translation>
            <numerusform>覚えた発言 %Ln 件を忘れます。会話は残ります。</numerusform>
        </translation>
    </message>
    <message>
        <source>Reset the memory</source>
        <translation>記憶を空にする</translation>
    </message>
    <message>
        <source>Reset what “{name}” has learned?</source>
        <translation>「{name}」が覚えたことを、すべて忘れますか？</translation>
    </message>
    <message>
        <source>This cannot be undone. Export the memory first to keep a copy.</source>
        <translation>元に戻すことはできません。控えが必要なら、先に記憶を書き出してください。</translation>
    </message>
    <message>
        <source>Export the memory</source>
        <translation>記憶の書き出し</translation>
    </message>
    <message>
        <source>Import a memory</source>
        <translation>記憶の読み込み</translation>
    </message>
    <message>
        <source>Techo memory (*{suffix})</source>
        <translation>Techo の記憶 (*{suffix})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>すべてのファイル (*)</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Kind of file:</source>
        <translation>ファイルの種類:</translation>
    </message>
    <message>
        <source>Name of the profile that “{file}” becomes</source>
        <translation>「{file}」を読み込むプロファイルの名前</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>読み込む</translation>
    </message>
    <message>
        <source>What do you &amp;know about me?…</source>
        <translation>私について何を知っている？(&amp;K)…</translation>
    </message>
</context>
<context>
    <name>MemoryPanel</name>
    <message>
        <source>all new</source>
        <translation>すべて初耳</translation>
    </message>
    <message>
        <source>partly new</source>
        <translation>一部が初耳</translation>
    </message>
    <message>
        <source>mostly known</source>
        <translation>ほぼ既知</translation>
    </message>
    <message>
        <source>of {total} neurons, less than 0.1 %</source>
        <translation>全 {total} 個の 0.1% 未満</translation>
    </message>
    <message>
        <source>of {total} neurons, {part} %</source>
        <translation>全 {total} 個の {part}%</translation>
    </message>
    <message>
        <source>{used} of {total} places taken</source>
        <translation>{total} か所のうち {used} か所を使用</translation>
    </message>
    <message numerus="yes">
        <source>%Ln oldest made room</source>
        <translation>
            <numerusform>最も古い %Ln 件は場所を譲りました</numerusform>
        </translation>
    </message>
    <message>
        <source>Fixed from birth: it does not grow.</source>
        <translation>最初から同じ大きさで、増えません。</translation>
    </message>
    <message>
        <source>{size} in the newest snapshot on disk</source>
        <translation>ディスク上の最新の保存分: {size}</translation>
    </message>
    <message>
        <source>Techo is not learning from this chat.</source>
        <translation>このチャットで話したことは覚えません。</translation>
    </message>
    <message>
        <source>Nothing new: all of it was known, or not worth keeping.</source>
        <translation>新しいことはありません。既知か、残すほどではない内容でした。</translation>
    </message>
    <message>
        <source>Nothing yet in this session.</source>
        <translation>起動してから、まだ何もありません。</translation>
    </message>
    <message numerus="yes">
        <source>+%Ln more</source>
        <translation>
            <numerusform>ほか %Ln 語</numerusform>
        </translation>
    </message>
    <message>
        <source>Words learned</source>
        <translation>覚えた言葉</translation>
    </message>
    <message>
        <source>Surprise {percent} %: {word}</source>
        <translation>意外さ {percent}%: {word}</translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons recruited, {stronger} strengthened, {rewritten} rewritten</source>
        <translation>
            <numerusform>ニューロン: 新規 %Ln、強化 {stronger}、書き換え {rewritten}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons fired for the answer</source>
        <translation>
            <numerusform>%Ln 個のニューロンがこの返事のために発火しました</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln neurons written by the turn</source>
        <translation>
            <numerusform>%Ln 個のニューロンがこの発言で書き込まれました</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The last %Ln turns learned; the newest on the right.</source>
        <translation>
            <numerusform>最近覚えた %Ln 回の発言。右端が最新です。</numerusform>
        </translation>
    </message>
    <message>
        <source>A KV cache of the same talk would take about {size}, and grow.</source>
        <translation>同じ会話の KV キャッシュなら約 {size} になり、増え続けます。</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>記憶</translation>
    </message>
    <message>
        <source>LEARNED FROM THE LAST TURN</source>
        <translation>直前に覚えたこと</translation>
    </message>
    <message>
        <source>FAST WEIGHTS</source>
        <translation>ファストウェイト</translation>
    </message>
    <message>
        <source>SURPRISE, TURN BY TURN</source>
        <translation>発言ごとの意外さ</translation>
    </message>
    <message>
        <source>NEURONS IN USE</source>
        <translation>使用中のニューロン</translation>
    </message>
    <message>
        <source>TURNS LEARNED</source>
        <translation>覚えた発言</translation>
    </message>
    <message>
        <source>SIZE OF THE MEMORY</source>
        <translation>記憶の大きさ</translation>
    </message>
</context>
<context>
    <name>MessageActions</name>
    <message>
        <source>Copy the selection</source>
        <translation>選択した部分をコピー</translation>
    </message>
    <message>
        <source>Copy the message</source>
        <translation>メッセージをコピー</translation>
    </message>
    <message>
        <source>Edit the message</source>
        <translation>メッセージを編集</translation>
    </message>
    <message>
        <source>Another reply</source>
        <translation>別の返事をもらう</translation>
    </message>
    <message>
        <source>Continue the reply</source>
        <translation>返事を続ける</translation>
    </message>
    <message>
        <source>Previous version</source>
        <translation>前の版</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>次の版</translation>
    </message>
    <message>
        <source>Delete the message</source>
        <translation>メッセージを削除</translation>
    </message>
    <message>
        <source>Undo deleting</source>
        <translation>削除を元に戻す</translation>
    </message>
</context>
<context>
    <name>MessageButtons</name>
    <message>
        <source>Edit the message</source>
        <translation>メッセージを編集</translation>
    </message>
    <message>
        <source>Another reply</source>
        <translation>別の返事をもらう</translation>
    </message>
    <message>
        <source>More</source>
        <translation>その他の操作</translation>
    </message>
</context>
<context>
    <name>MessageEditor</name>
    <message>
        <source>Your message, to be changed</source>
        <translation>編集中のメッセージ</translation>
    </message>
    <message>
        <source>Enter sends, Shift+Enter breaks the line, Escape leaves it as it was.</source>
        <translation>Enter で送信、Shift+Enter で改行、Esc で編集をやめます。</translation>
    </message>
    <message>
        <source>The old version stays here beside the new one; what Techo learned from it is forgotten.</source>
        <translation>元の版も残り、見比べられます。元の版から覚えたことは忘れます。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Leave the message as it was</source>
        <translation>編集をやめて元のままにする</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>送信</translation>
    </message>
    <message>
        <source>Send the changed message</source>
        <translation>編集したメッセージを送信</translation>
    </message>
</context>
<context>
    <name>Messages</name>
    <message>
        <source>E&amp;dit your last message</source>
        <translation>最後のメッセージを編集(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Another reply</source>
        <translation>別の返事をもらう(&amp;A)</translation>
    </message>
    <message>
        <source>C&amp;ontinue the reply</source>
        <translation>返事を続ける(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Previous message</source>
        <translation>前のメッセージ(&amp;P)</translation>
    </message>
    <message>
        <source>Ne&amp;xt message</source>
        <translation>次のメッセージ(&amp;X)</translation>
    </message>
    <message>
        <source>Expo&amp;rt the chat…</source>
        <translation>チャットを書き出す(&amp;R)…</translation>
    </message>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>「{title}」を削除しました。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln messages were deleted.</source>
        <translation>
            <numerusform>メッセージを %Ln 件削除しました。</numerusform>
        </translation>
    </message>
    <message>
        <source>What Techo learned from it stays learned.</source>
        <translation>そこから覚えたことは残ります。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>元に戻す</translation>
    </message>
    <message>
        <source>chat</source>
        <translation>チャット</translation>
    </message>
    <message>
        <source>Export the chat</source>
        <translation>チャットを書き出す</translation>
    </message>
    <message>
        <source>Markdown: what is shown (*.md)</source>
        <translation>Markdown: 表示中の会話 (*.md)</translation>
    </message>
    <message>
        <source>JSON: every version (*.json)</source>
        <translation>JSON: すべての版 (*.json)</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Kind of file:</source>
        <translation>ファイルの種類:</translation>
    </message>
    <message>
        <source>You</source>
        <translation>あなた</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>On this computer</source>
        <translation>このコンピューター</translation>
    </message>
    <message>
        <source>Three set-ups</source>
        <translation>松竹梅</translation>
    </message>
    <message>
        <source>Techo&apos;s own model</source>
        <translation>Techo 付属のモデル</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>Cannot be used</source>
        <translation>使えません</translation>
    </message>
    <message>
        <source>Being checked…</source>
        <translation>検査しています…</translation>
    </message>
    <message>
        <source>Unfinished: {done} received</source>
        <translation>未完了: {done} 受信済み</translation>
    </message>
    <message>
        <source>Not for llama.cpp</source>
        <translation>llama.cpp では不可</translation>
    </message>
    <message>
        <source>Arabic</source>
        <translation>アラビア語</translation>
    </message>
    <message>
        <source>German</source>
        <translation>ドイツ語</translation>
    </message>
    <message>
        <source>English</source>
        <translation>英語</translation>
    </message>
    <message>
        <source>Spanish</source>
        <translation>スペイン語</translation>
    </message>
    <message>
        <source>French</source>
        <translation>フランス語</translation>
    </message>
    <message>
        <source>Hindi</source>
        <translation>ヒンディー語</translation>
    </message>
    <message>
        <source>Italian</source>
        <translation>イタリア語</translation>
    </message>
    <message>
        <source>Japanese</source>
        <translation>日本語</translation>
    </message>
    <message>
        <source>Korean</source>
        <translation>韓国語</translation>
    </message>
    <message>
        <source>Portuguese</source>
        <translation>ポルトガル語</translation>
    </message>
    <message>
        <source>Russian</source>
        <translation>ロシア語</translation>
    </message>
    <message>
        <source>Thai</source>
        <translation>タイ語</translation>
    </message>
    <message>
        <source>Vietnamese</source>
        <translation>ベトナム語</translation>
    </message>
    <message>
        <source>Chinese</source>
        <translation>中国語</translation>
    </message>
    <message>
        <source>{count}B</source>
        <translation>{count}B</translation>
    </message>
    <message>
        <source>{count}M</source>
        <translation>{count}M</translation>
    </message>
    <message>
        <source>Just fits</source>
        <translation>ぎりぎり入ります</translation>
    </message>
    <message>
        <source>Fits</source>
        <translation>入ります</translation>
    </message>
    <message>
        <source>Too large</source>
        <translation>大きすぎます</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation>不明</translation>
    </message>
    <message>
        <source>It needs {need} of RAM, {short} more than this computer can give now.</source>
        <translation>必要なメモリは {need} で、いまこのコンピューターで使える量を {short} 超えます。</translation>
    </message>
    <message>
        <source>All of it goes to the graphics card: {need} of {budget}.</source>
        <translation>すべてグラフィックカードに載ります（{budget} のうち {need}）。</translation>
    </message>
    <message>
        <source>{part} of {layers} layers go to the graphics card, the rest stays in RAM ({need}).</source>
        <translation>{layers} 層のうち {part} 層がグラフィックカードに載り、残りはメモリに置かれます（{need}）。</translation>
    </message>
    <message>
        <source>It needs {need} of RAM; this computer can give {budget} now.</source>
        <translation>必要なメモリは {need}、いまこのコンピューターで使えるのは {budget} です。</translation>
    </message>
    <message>
        <source>It needs {need} of RAM; how much this computer has is not known.</source>
        <translation>必要なメモリは {need} です。このコンピューターのメモリ量はわかりません。</translation>
    </message>
    <message>
        <source>Expect about {low} to {high} tokens a second.</source>
        <translation>速さは毎秒 {low}～{high} トークンほどの見込みです。</translation>
    </message>
    <message>
        <source>not said</source>
        <translation>記載なし</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} トークン</translation>
    </message>
    <message>
        <source>Ternary (1.58 bits)</source>
        <translation>三値（1.58 ビット）</translation>
    </message>
    <message>
        <source>Small</source>
        <translation>小型</translation>
    </message>
    <message>
        <source>Recurrent</source>
        <translation>再帰型</translation>
    </message>
    <message>
        <source>More</source>
        <translation>そのほか</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>接続しています…</translation>
    </message>
    <message>
        <source>The connection broke; trying again…</source>
        <translation>接続が切れました。再試行しています…</translation>
    </message>
    <message>
        <source>Checking the file…</source>
        <translation>ファイルを検査しています…</translation>
    </message>
    <message>
        <source>{done} received</source>
        <translation>{done} 受信</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{total} のうち {done}</translation>
    </message>
    <message>
        <source>, {rate}/s, {left} left</source>
        <translation>、毎秒 {rate}、残り {left}</translation>
    </message>
    <message>
        <source>{count} s</source>
        <translation>{count} 秒</translation>
    </message>
    <message>
        <source>{count} min</source>
        <translation>{count} 分</translation>
    </message>
    <message>
        <source>{count} h</source>
        <translation>{count} 時間</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Looking at this computer…</source>
        <translation>このコンピューターを調べています…</translation>
    </message>
    <message>
        <source>{size} of RAM</source>
        <translation>メモリ {size}</translation>
    </message>
    <message>
        <source>{size} of it free</source>
        <translation>うち空き {size}</translation>
    </message>
    <message>
        <source>no graphics card to use</source>
        <translation>使えるグラフィックカードなし</translation>
    </message>
    <message numerus="yes">
        <source>%Ln processor cores</source>
        <translation>
            <numerusform>CPU %Ln コア</numerusform>
        </translation>
    </message>
    <message>
        <source>This computer: {parts}</source>
        <translation>このコンピューター: {parts}</translation>
    </message>
    <message>
        <source>, </source>
        <translation>、</translation>
    </message>
    <message>
        <source>Add a model file</source>
        <translation>モデルファイルの追加</translation>
    </message>
    <message>
        <source>Model files (*.gguf)</source>
        <translation>モデルファイル (*.gguf)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>すべてのファイル (*)</translation>
    </message>
    <message>
        <source>Folder:</source>
        <translation>フォルダー:</translation>
    </message>
    <message>
        <source>Kind of file:</source>
        <translation>ファイルの種類:</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>始めています…</translation>
    </message>
    <message>
        <source>{free} free on the disk.</source>
        <translation>ディスクの空きは {free} です。</translation>
    </message>
    <message>
        <source>Stopped. What has arrived is kept.</source>
        <translation>止めました。届いた分は残してあります。</translation>
    </message>
    <message>
        <source>Progress of the download</source>
        <translation>ダウンロードの進み具合</translation>
    </message>
    <message>
        <source>Language models</source>
        <translation>言語モデル</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>モデル</translation>
    </message>
    <message>
        <source>&amp;Add a GGUF file…</source>
        <translation>GGUF ファイルを追加(&amp;A)…</translation>
    </message>
    <message>
        <source>Add a GGUF file</source>
        <translation>GGUF ファイルを追加</translation>
    </message>
    <message>
        <source>Or drop one on the window. It stays where it is.</source>
        <translation>ウィンドウに落としても追加できます（移動しません）。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>止める</translation>
    </message>
    <message>
        <source>Stop the download</source>
        <translation>ダウンロードを止める</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>もう一度試す</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
</context>
<context>
    <name>NameDialog</name>
    <message>
        <source>There is a profile of this name already.</source>
        <translation>同じ名前のプロファイルがすでにあります。</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Dismiss this notice</source>
        <translation>このお知らせを閉じる</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>閉じる</translation>
    </message>
</context>
<context>
    <name>PassphraseDialog</name>
    <message>
        <source>&amp;Show what is typed</source>
        <translation>入力した文字を表示する(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Remember on this computer (in the system&apos;s keyring)</source>
        <translation>このコンピューターに記憶する（システムのキーリング）(&amp;R)</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>お待ちください…</translation>
    </message>
    <message>
        <source>The two are not the same.</source>
        <translation>二つの入力が一致しません。</translation>
    </message>
</context>
<context>
    <name>ProfileMenu</name>
    <message>
        <source>&amp;Profile</source>
        <translation>プロファイル(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;New profile…</source>
        <translation>新しいプロファイル(&amp;N)…</translation>
    </message>
    <message>
        <source>&amp;Colour and picture…</source>
        <translation>色と画像(&amp;C)…</translation>
    </message>
    <message>
        <source>Imported</source>
        <translation>読み込んだ手帳</translation>
    </message>
    <message>
        <source>&amp;Rename “{name}”…</source>
        <translation>「{name}」の名前を変更(&amp;R)…</translation>
    </message>
    <message>
        <source>&amp;Rename…</source>
        <translation>名前を変更(&amp;R)…</translation>
    </message>
    <message>
        <source>D&amp;uplicate “{name}”…</source>
        <translation>「{name}」を複製(&amp;U)…</translation>
    </message>
    <message>
        <source>D&amp;uplicate…</source>
        <translation>複製(&amp;U)…</translation>
    </message>
    <message>
        <source>&amp;Delete “{name}”…</source>
        <translation>「{name}」を削除(&amp;D)…</translation>
    </message>
    <message>
        <source>&amp;Delete…</source>
        <translation>削除(&amp;D)…</translation>
    </message>
    <message>
        <source>{name} (locked)</source>
        <translation>{name}（ロック中）</translation>
    </message>
    <message>
        <source>New profile</source>
        <translation>新しいプロファイル</translation>
    </message>
    <message>
        <source>Name of the new profile. It starts with an empty memory of its own.</source>
        <translation>新しいプロファイルの名前（記憶は空の状態から始まります）</translation>
    </message>
    <message>
        <source>Make it</source>
        <translation>作成</translation>
    </message>
    <message>
        <source>Rename profile</source>
        <translation>プロファイル名の変更</translation>
    </message>
    <message>
        <source>New name of “{name}”</source>
        <translation>「{name}」の新しい名前</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>変更</translation>
    </message>
    <message>
        <source>Duplicate profile</source>
        <translation>プロファイルの複製</translation>
    </message>
    <message>
        <source>Name of the new profile, which holds everything that “{name}” does</source>
        <translation>新しいプロファイルの名前（「{name}」の中身をすべて写します）</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>複製</translation>
    </message>
    <message>
        <source>{name} (copy)</source>
        <translation>{name}（写し）</translation>
    </message>
    <message numerus="yes">
        <source>%Ln learned turns</source>
        <translation>
            <numerusform>覚えた発言 %Ln 件</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln conversations</source>
        <translation>
            <numerusform>会話 %Ln 件</numerusform>
        </translation>
    </message>
    <message>
        <source>{turns} and {chats} will be lost.</source>
        <translation>{turns}と{chats}が失われます。</translation>
    </message>
    <message>
        <source>Delete profile</source>
        <translation>プロファイルの削除</translation>
    </message>
    <message>
        <source>Delete the profile “{name}” with everything in it?</source>
        <translation>プロファイル「{name}」を中身ごと削除しますか？</translation>
    </message>
    <message>
        <source>This cannot be undone. Export the profile first to keep a copy.</source>
        <translation>元に戻すことはできません。控えが必要なら、先に書き出してください。</translation>
    </message>
    <message>
        <source>Delete the profile</source>
        <translation>削除する</translation>
    </message>
</context>
<context>
    <name>Protection</name>
    <message>
        <source>&amp;Protect with a passphrase…</source>
        <translation>パスフレーズで保護(&amp;P)…</translation>
    </message>
    <message>
        <source>&amp;Passphrase</source>
        <translation>パスフレーズ(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Lock now</source>
        <translation>今すぐロック(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Change the passphrase…</source>
        <translation>パスフレーズを変更(&amp;C)…</translation>
    </message>
    <message>
        <source>&amp;Remember on this computer</source>
        <translation>このコンピューターに記憶する(&amp;R)</translation>
    </message>
    <message>
        <source>Remove the &amp;protection…</source>
        <translation>保護を解除(&amp;P)…</translation>
    </message>
    <message>
        <source>“{name}” is locked.</source>
        <translation>「{name}」はロックされています。</translation>
    </message>
    <message>
        <source>Unlock…</source>
        <translation>ロックを解除…</translation>
    </message>
    <message>
        <source>Unlock profile</source>
        <translation>ロックの解除</translation>
    </message>
    <message>
        <source>“{name}” is protected by a passphrase.</source>
        <translation>「{name}」はパスフレーズで保護されています。</translation>
    </message>
    <message>
        <source>Passphrase</source>
        <translation>パスフレーズ</translation>
    </message>
    <message>
        <source>Unlock</source>
        <translation>解除</translation>
    </message>
    <message>
        <source>Import an encrypted profile</source>
        <translation>暗号化されたプロファイルの読み込み</translation>
    </message>
    <message>
        <source>“{name}” was exported from a protected profile.</source>
        <translation>「{name}」は保護されたプロファイルから書き出されたものです。</translation>
    </message>
    <message>
        <source>It opens with the passphrase of that time, and so will the new profile.</source>
        <translation>書き出した当時のパスフレーズで開きます。新しいプロファイルも同じパスフレーズになります。</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>読み込む</translation>
    </message>
    <message>
        <source>“{name}” is protected now.</source>
        <translation>「{name}」を保護しました。</translation>
    </message>
    <message>
        <source>Protect with a passphrase</source>
        <translation>パスフレーズで保護</translation>
    </message>
    <message>
        <source>Everything in “{name}” will be encrypted on the disk: the conversations, what was learned, and what is exported from now on. Only its name stays readable.</source>
        <translation>「{name}」の会話、覚えたこと、これから書き出すファイルを、すべて暗号化してディスクに保存します。読めるまま残るのは名前だけです。</translation>
    </message>
    <message>
        <source>A lost passphrase cannot be recovered: without it nobody can open the profile again. Exports and backups made before stay as they are.</source>
        <translation>忘れたパスフレーズを取り戻す方法はありません。パスフレーズがなければ、誰もこのプロファイルを開けなくなります。以前の書き出しやバックアップは、元のまま残ります。</translation>
    </message>
    <message>
        <source>The same once more</source>
        <translation>もう一度同じものを</translation>
    </message>
    <message>
        <source>Protect</source>
        <translation>保護する</translation>
    </message>
    <message>
        <source>“{name}” has another passphrase now.</source>
        <translation>「{name}」のパスフレーズを変更しました。</translation>
    </message>
    <message>
        <source>Change the passphrase</source>
        <translation>パスフレーズの変更</translation>
    </message>
    <message>
        <source>A lost passphrase cannot be recovered. What was exported before opens with the old one.</source>
        <translation>忘れたパスフレーズを取り戻す方法はありません。以前に書き出したファイルは、古いパスフレーズで開きます。</translation>
    </message>
    <message>
        <source>Passphrase of today</source>
        <translation>現在のパスフレーズ</translation>
    </message>
    <message>
        <source>New passphrase</source>
        <translation>新しいパスフレーズ</translation>
    </message>
    <message>
        <source>Change</source>
        <translation>変更する</translation>
    </message>
    <message>
        <source>“{name}” is no longer protected.</source>
        <translation>「{name}」の保護を解除しました。</translation>
    </message>
    <message>
        <source>Remove the protection</source>
        <translation>保護の解除</translation>
    </message>
    <message>
        <source>Whoever can read this computer&apos;s disk can read “{name}” then.</source>
        <translation>解除すると、このコンピューターのディスクを読める人は誰でも「{name}」を読めるようになります。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>解除する</translation>
    </message>
</context>
<context>
    <name>ReadingRow</name>
    <message>
        <source>Stopping…</source>
        <translation>止めています…</translation>
    </message>
    <message numerus="yes">
        <source>Reading “{name}”, then %Ln more</source>
        <translation>
            <numerusform>「{name}」を読んでいます（ほか %Ln 件待ち）</numerusform>
        </translation>
    </message>
    <message>
        <source>Reading “{name}”</source>
        <translation>「{name}」を読んでいます</translation>
    </message>
    <message>
        <source>page {done} of {count}</source>
        <translation>{count} ページ中 {done} ページ目</translation>
    </message>
    <message>
        <source>passage {done} of {count}</source>
        <translation>{count} 件中 {done} 件目</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>キャンセル</translation>
    </message>
    <message>
        <source>Stop reading</source>
        <translation>読むのをやめる</translation>
    </message>
</context>
<context>
    <name>Reasons</name>
    <message>
        <source>The log of the newest changes was damaged when Techo last ended. What was said or learned last may be missing.</source>
        <translation>前回の終了時に、最新の変更の記録が壊れていました。最後の発言や学習が欠けているかもしれません。</translation>
    </message>
    <message>
        <source>Look at the end of your newest chat, and tell Techo again what is not there. A copy of the damaged log was set aside as {aside}.</source>
        <translation>いちばん新しいチャットの終わりを見て、抜けていることをもう一度話してください。壊れた記録の控えは {aside} にあります。</translation>
    </message>
    <message>
        <source>This profile&apos;s file was changed while Techo was closed. It was looked through: every message and every learned turn is as it was.</source>
        <translation>Techo を閉じている間に、このプロファイルのファイルが変わりました。調べたところ、発言と学習した内容はすべて元のままです。</translation>
    </message>
    <message>
        <source>A disk may be failing, or another program wrote there. Export the profile to another disk, and have this one checked.</source>
        <translation>ディスクの故障か、ほかのプログラムの書き込みかもしれません。プロファイルを別のディスクに書き出し、このディスクを点検してください。</translation>
    </message>
    <message>
        <source>This profile&apos;s file was changed while Techo was closed, and {found} messages or learned turns in it are damaged.</source>
        <translation>Techo を閉じている間にこのプロファイルのファイルが変わり、発言または学習した内容のうち {found} 件が壊れています。</translation>
    </message>
    <message>
        <source>This profile&apos;s file was changed while Techo was closed. What of it is damaged is named when it is read.</source>
        <translation>Techo を閉じている間に、このプロファイルのファイルが変わりました。壊れている所があれば、読むときにお知らせします。</translation>
    </message>
    <message>
        <source>A disk may be failing, or another program wrote there. Compare it with an export, and have the disk checked.</source>
        <translation>ディスクの故障か、ほかのプログラムの書き込みかもしれません。書き出しておいたファイルと見比べ、ディスクを点検してください。</translation>
    </message>
    <message>
        <source>The learned turn {entry} was damaged on the disk and is not part of the memory any more.</source>
        <translation>学習した内容 {entry} 番がディスク上で壊れていたため、記憶から外しました。</translation>
    </message>
    <message>
        <source>Tell Techo again what it was about.</source>
        <translation>その内容をもう一度 Techo に話してください。</translation>
    </message>
    <message>
        <source>A message (number {message}) was damaged on the disk; its text may not be what was said.</source>
        <translation>発言（{message} 番）がディスク上で壊れていました。表示される文が元の発言と違うかもしれません。</translation>
    </message>
    <message>
        <source>The index for searching your chats was damaged. It was made anew; nothing is missing.</source>
        <translation>チャット検索の索引が壊れていたため、作り直しました。失われたものはありません。</translation>
    </message>
    <message>
        <source>A saved state of the memory ({file}) is missing. An older one is used if there is one.</source>
        <translation>保存してあった記憶の状態（{file}）が見つかりません。古い状態があればそれを使います。</translation>
    </message>
    <message>
        <source>A saved state of the memory ({file}) is damaged. It was set aside as {aside}.</source>
        <translation>保存してあった記憶の状態（{file}）が壊れていたため、{aside} として取り分けました。</translation>
    </message>
    <message>
        <source>The memory is rebuilt from everything in its journal, from the beginning. Nothing is lost by that.</source>
        <translation>記憶を、学習の記録の最初から組み立て直します。これで失われるものはありません。</translation>
    </message>
    <message>
        <source>The memory is rebuilt from an older state (after learned turn {entry}) and its journal since. Nothing is lost by that.</source>
        <translation>記憶を、古い状態（学習 {entry} 番の後）とそれ以降の記録から組み立て直します。これで失われるものはありません。</translation>
    </message>
    <message>
        <source>Which model the memory belongs to was damaged on the disk. It was put right.</source>
        <translation>記憶がどのモデルのものかという情報がディスク上で壊れていたため、直しました。</translation>
    </message>
    <message>
        <source>The memory could not be opened.</source>
        <translation>記憶を開けませんでした。</translation>
    </message>
    <message>
        <source>The memory&apos;s state could not be saved; its journal is complete, so nothing is lost.</source>
        <translation>記憶の状態を保存できませんでした。学習の記録は揃っているので、失われたものはありません。</translation>
    </message>
    <message>
        <source>This turn was not learned.</source>
        <translation>この発言は学習できませんでした。</translation>
    </message>
    <message>
        <source>What the old version of the message had taught was not forgotten.</source>
        <translation>発言の前の版から学習した内容を忘れられませんでした。</translation>
    </message>
    <message>
        <source>A damaged log that was set aside may still hold what was forgotten.</source>
        <translation>取り分けてある壊れた記録に、忘れたはずの内容が残っているかもしれません。</translation>
    </message>
    <message>
        <source>Remove it by hand.</source>
        <translation>手で削除してください。</translation>
    </message>
    <message>
        <source>What was forgotten is not used any more, but a copy stays in the database&apos;s log.</source>
        <translation>忘れた内容はもう使われませんが、データベースの記録に写しが残っています。</translation>
    </message>
    <message>
        <source>It goes when the profile is closed and the disk has room.</source>
        <translation>プロファイルを閉じ、ディスクに空きがあれば消えます。</translation>
    </message>
    <message>
        <source>{path} could not be removed. It still holds what was to be forgotten.</source>
        <translation>{path} を削除できませんでした。忘れるはずの内容が残っています。</translation>
    </message>
    <message>
        <source>The profile is protected, but this computer does not remember its passphrase.</source>
        <translation>プロファイルを保護しましたが、このコンピューターはパスフレーズを記憶していません。</translation>
    </message>
    <message>
        <source>The profile is protected, but some of its old files, which anybody can read, could not be removed.</source>
        <translation>プロファイルを保護しましたが、誰でも読める古いファイルの一部を消せませんでした。</translation>
    </message>
    <message>
        <source>Open the profile once more: Techo tries again each time.</source>
        <translation>プロファイルを開き直してください。Techo は開くたびに削除を試みます。</translation>
    </message>
    <message>
        <source>Some old files of the protected profile could not be removed. They are not used any more.</source>
        <translation>保護していたときの古いファイルの一部を消せませんでした。もう使われません。</translation>
    </message>
    <message>
        <source>Techo tries again when the profile is opened next.</source>
        <translation>次にプロファイルを開くとき、もう一度削除を試みます。</translation>
    </message>
    <message>
        <source>What was written to {file} is not encrypted: whoever gets that file can read it.</source>
        <translation>{file} に書き出した内容は暗号化されていません。このファイルを手に入れた人は誰でも読めます。</translation>
    </message>
    <message>
        <source>The disk is full ({path}).</source>
        <translation>ディスクの空きがありません（{path}）。</translation>
    </message>
    <message>
        <source>Free some space on that disk and try again. What was saved before is untouched.</source>
        <translation>空きを作って、もう一度試してください。保存済みのものは無事です。</translation>
    </message>
    <message>
        <source>The disk quota is used up ({path}).</source>
        <translation>ディスクの割り当てを使い切りました（{path}）。</translation>
    </message>
    <message>
        <source>Free some space and try again. What was saved before is untouched.</source>
        <translation>空きを作って、もう一度試してください。保存済みのものは無事です。</translation>
    </message>
    <message>
        <source>The file would be too large for this disk ({path}).</source>
        <translation>このディスクには大きすぎるファイルです（{path}）。</translation>
    </message>
    <message>
        <source>Choose another disk. What was saved before is untouched.</source>
        <translation>別のディスクを選んでください。保存済みのものは無事です。</translation>
    </message>
    <message>
        <source>{path} may not be written or read.</source>
        <translation>{path} を読み書きする許可がありません。</translation>
    </message>
    <message>
        <source>See who owns that folder, and whether you may write there.</source>
        <translation>フォルダーの所有者と、書き込みの許可を確かめてください。</translation>
    </message>
    <message>
        <source>The disk cannot be written to ({path}).</source>
        <translation>書き込みのできないディスクです（{path}）。</translation>
    </message>
    <message>
        <source>Choose a folder on a disk that can.</source>
        <translation>書き込めるディスクのフォルダーを選んでください。</translation>
    </message>
    <message>
        <source>{path} does not exist.</source>
        <translation>{path} がありません。</translation>
    </message>
    <message>
        <source>Look where it has gone, or choose another place.</source>
        <translation>どこへ移ったか確かめるか、別の場所を選んでください。</translation>
    </message>
    <message>
        <source>A part of {path} is not a folder.</source>
        <translation>{path} の途中にフォルダーでないものがあります。</translation>
    </message>
    <message>
        <source>Choose another place.</source>
        <translation>別の場所を選んでください。</translation>
    </message>
    <message>
        <source>{path} is a folder.</source>
        <translation>{path} はフォルダーです。</translation>
    </message>
    <message>
        <source>Choose a file.</source>
        <translation>ファイルを選んでください。</translation>
    </message>
    <message>
        <source>{path} exists already.</source>
        <translation>{path} はすでにあります。</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>別の名前を選んでください。</translation>
    </message>
    <message>
        <source>{path} is not an ordinary file.</source>
        <translation>{path} は普通のファイルではありません。</translation>
    </message>
    <message>
        <source>Choose an ordinary file.</source>
        <translation>普通のファイルを選んでください。</translation>
    </message>
    <message>
        <source>The name is too long ({path}).</source>
        <translation>名前が長すぎます（{path}）。</translation>
    </message>
    <message>
        <source>Choose a shorter one.</source>
        <translation>短い名前にしてください。</translation>
    </message>
    <message>
        <source>Too many files are open.</source>
        <translation>開いているファイルが多すぎます。</translation>
    </message>
    <message>
        <source>Close other programs and try again.</source>
        <translation>ほかのプログラムを閉じて、もう一度試してください。</translation>
    </message>
    <message>
        <source>The disk reported an error ({path}).</source>
        <translation>ディスクがエラーを報告しました（{path}）。</translation>
    </message>
    <message>
        <source>Make a copy of Techo&apos;s data, and have the disk checked.</source>
        <translation>Techo のデータを控えておき、ディスクを点検してください。</translation>
    </message>
    <message>
        <source>Another program is using {path}.</source>
        <translation>ほかのプログラムが {path} を使っています。</translation>
    </message>
    <message>
        <source>Close the other Techo, or wait a moment, and try again.</source>
        <translation>もう一つの Techo を閉じるか、少し待ってから試してください。</translation>
    </message>
    <message>
        <source>{path} cannot be opened.</source>
        <translation>{path} を開けません。</translation>
    </message>
    <message>
        <source>See whether the folder exists, and whether you may write there.</source>
        <translation>フォルダーがあるか、書き込めるかを確かめてください。</translation>
    </message>
    <message>
        <source>There is not enough memory.</source>
        <translation>メモリーが足りません。</translation>
    </message>
    <message>
        <source>{path} could not be read or written.</source>
        <translation>{path} を読み書きできませんでした。</translation>
    </message>
    <message>
        <source>Check the disk and try again.</source>
        <translation>ディスクを確かめて、もう一度試してください。</translation>
    </message>
    <message>
        <source>The file of this profile is damaged ({path}).</source>
        <translation>このプロファイルのファイルが壊れています（{path}）。</translation>
    </message>
    <message>
        <source>Nothing was changed. Make a copy of its folder, then import the last export under a new name, or put back a backup.</source>
        <translation>何も変更していません。フォルダーの控えを取ってから、最後に書き出したファイルを新しい名前で読み込むか、バックアップを戻してください。</translation>
    </message>
    <message>
        <source>The file of this protected profile was changed by somebody else, or is damaged ({path}).</source>
        <translation>この保護されたプロファイルのファイルが、ほかの誰かに書き換えられたか、壊れています（{path}）。</translation>
    </message>
    <message>
        <source>Another program is reading the file of this profile.</source>
        <translation>ほかのプログラムがこのプロファイルのファイルを読んでいます。</translation>
    </message>
    <message>
        <source>Close that program, and try again. Nothing was changed.</source>
        <translation>そのプログラムを閉じて、もう一度試してください。何も変更していません。</translation>
    </message>
    <message>
        <source>Techo cannot search what was said: this Python&apos;s SQLite ({have}) cannot do it.</source>
        <translation>チャットを検索できません。この Python の SQLite（{have}）が対応していません。</translation>
    </message>
    <message>
        <source>Use a Python whose SQLite is {need} or newer. Nothing was changed.</source>
        <translation>SQLite {need} 以降の Python を使ってください。何も変更していません。</translation>
    </message>
    <message>
        <source>A profile needs a name.</source>
        <translation>プロファイルには名前が必要です。</translation>
    </message>
    <message>
        <source>Use letters, digits or signs, in any script.</source>
        <translation>文字や数字、記号を入れてください。</translation>
    </message>
    <message>
        <source>This name is too long: {length} characters of {most} at most.</source>
        <translation>名前が長すぎます（{length} 文字。{most} 文字まで）。</translation>
    </message>
    <message>
        <source>This name holds a character that cannot be seen ({character}).</source>
        <translation>名前に見えない文字（{character}）が入っています。</translation>
    </message>
    <message>
        <source>Type the name anew.</source>
        <translation>名前を入力し直してください。</translation>
    </message>
    <message>
        <source>This name holds nothing that can be seen.</source>
        <translation>名前に見える文字がありません。</translation>
    </message>
    <message>
        <source>There is no profile “{name}”.</source>
        <translation>「{name}」というプロファイルはありません。</translation>
    </message>
    <message>
        <source>Choose another profile, or make one.</source>
        <translation>別のプロファイルを選ぶか、新しく作ってください。</translation>
    </message>
    <message>
        <source>There is a profile “{name}” already.</source>
        <translation>「{name}」というプロファイルはすでにあります。</translation>
    </message>
    <message>
        <source>The profile “{name}” is open in another Techo.</source>
        <translation>プロファイル「{name}」は別の Techo で開かれています。</translation>
    </message>
    <message>
        <source>Close it there, or choose another profile.</source>
        <translation>そちらを閉じるか、別のプロファイルを選んでください。</translation>
    </message>
    <message>
        <source>There is no profile “{name}”, and “{other}” cannot be opened.</source>
        <translation>「{name}」というプロファイルはなく、「{other}」は開けません。</translation>
    </message>
    <message>
        <source>If that is the one you mean, import an exported copy of it. To begin anew, make a new profile.</source>
        <translation>それが目当てのものなら、書き出しておいたファイルを読み込んでください。新しく始めるなら、プロファイルを作ってください。</translation>
    </message>
    <message>
        <source>There is no profile “{name}”, and the file of “{other}” was changed while Techo was closed; its name may have been another.</source>
        <translation>「{name}」というプロファイルはなく、「{other}」のファイルが Techo を閉じている間に変わりました。元は別の名前だったかもしれません。</translation>
    </message>
    <message>
        <source>Open “{other}” and see whether it is the one you mean. To begin anew, make a new profile.</source>
        <translation>「{other}」を開いて、目当てのものか確かめてください。新しく始めるなら、プロファイルを作ってください。</translation>
    </message>
    <message>
        <source>The profile “{name}” is deleted, but some of its files could not be removed.</source>
        <translation>プロファイル「{name}」を削除しましたが、消せなかったファイルがあります。</translation>
    </message>
    <message>
        <source>Remove the folder {path} by hand; Techo tries again at each start.</source>
        <translation>フォルダー {path} を手で削除してください。Techo も起動のたびに試みます。</translation>
    </message>
    <message>
        <source>Another Techo has been changing the profiles for {seconds} seconds.</source>
        <translation>別の Techo が {seconds} 秒間プロファイルを変更し続けています。</translation>
    </message>
    <message>
        <source>Wait until it is done, or close it, and try again.</source>
        <translation>終わるのを待つか、そちらを閉じて、もう一度試してください。</translation>
    </message>
    <message>
        <source>The profile “{name}” is locked.</source>
        <translation>プロファイル「{name}」はロックされています。</translation>
    </message>
    <message>
        <source>Type its passphrase.</source>
        <translation>パスフレーズを入力してください。</translation>
    </message>
    <message>
        <source>The profile “{name}” is locked, and the system&apos;s keyring does not open it.</source>
        <translation>プロファイル「{name}」はロックされていて、システムのキーリングでは開けません。</translation>
    </message>
    <message>
        <source>The profile “{name}” is not protected.</source>
        <translation>プロファイル「{name}」は保護されていません。</translation>
    </message>
    <message>
        <source>Protect it with a passphrase first.</source>
        <translation>先にパスフレーズで保護してください。</translation>
    </message>
    <message>
        <source>The profile “{name}” is protected already.</source>
        <translation>プロファイル「{name}」はすでに保護されています。</translation>
    </message>
    <message>
        <source>Change its passphrase instead.</source>
        <translation>代わりにパスフレーズを変更してください。</translation>
    </message>
    <message>
        <source>That is not the passphrase.</source>
        <translation>パスフレーズが違います。</translation>
    </message>
    <message>
        <source>Type it again: upper and lower case differ. A lost passphrase cannot be recovered.</source>
        <translation>もう一度入力してください（大文字と小文字は区別されます）。忘れたパスフレーズを取り戻す方法はありません。</translation>
    </message>
    <message>
        <source>The passphrase is empty.</source>
        <translation>パスフレーズが空です。</translation>
    </message>
    <message>
        <source>Type at least one character; a few words that only you know are good.</source>
        <translation>一文字以上入力してください。自分だけが知っている言葉をいくつか並べるのがおすすめです。</translation>
    </message>
    <message>
        <source>A passphrase has {most} characters at most.</source>
        <translation>パスフレーズは {most} 文字までです。</translation>
    </message>
    <message>
        <source>Choose a shorter passphrase.</source>
        <translation>短いパスフレーズにしてください。</translation>
    </message>
    <message>
        <source>The passphrase holds half a character.</source>
        <translation>パスフレーズに不完全な文字が入っています。</translation>
    </message>
    <message>
        <source>Type it anew.</source>
        <translation>入力し直してください。</translation>
    </message>
    <message>
        <source>There is not enough memory to try the passphrase: {need_bytes} are needed.</source>
        <translation>パスフレーズを確かめるためのメモリーが足りません（{need_bytes} 必要です）。</translation>
    </message>
    <message>
        <source>Close other programs and try again. Nothing was changed.</source>
        <translation>ほかのプログラムを閉じて、もう一度試してください。何も変更していません。</translation>
    </message>
    <message>
        <source>The file with the profile&apos;s key was damaged. Its copy was whole and was used; both are right again.</source>
        <translation>プロファイルの鍵のファイルが壊れていました。無事だった控えを使い、両方を元どおりにしました。</translation>
    </message>
    <message>
        <source>A disk may be failing. Export the profile to another disk, and have this one checked.</source>
        <translation>ディスクが故障しかけているかもしれません。プロファイルを別のディスクに書き出し、このディスクを点検してください。</translation>
    </message>
    <message>
        <source>The file with the profile&apos;s key was changed, or is damaged ({path}).</source>
        <translation>プロファイルの鍵のファイルが書き換えられたか、壊れています（{path}）。</translation>
    </message>
    <message>
        <source>Put it back from a backup of its folder, or import the profile&apos;s last export under a new name. Nothing was changed.</source>
        <translation>フォルダーのバックアップから戻すか、最後に書き出したファイルを新しい名前で読み込んでください。何も変更していません。</translation>
    </message>
    <message>
        <source>This computer has no keyring that is safe.</source>
        <translation>このコンピューターには安全なキーリングがありません。</translation>
    </message>
    <message>
        <source>Go on with the passphrase.</source>
        <translation>パスフレーズを入力して続けてください。</translation>
    </message>
    <message>
        <source>The system&apos;s keyring cannot be used.</source>
        <translation>システムのキーリングを利用できません。</translation>
    </message>
    <message>
        <source>Unlock the keyring and try again, or go on with the passphrase.</source>
        <translation>キーリングのロックを解除してもう一度試すか、パスフレーズを入力して続けてください。</translation>
    </message>
    <message>
        <source>{package}, which protected profiles need, is not installed or does not work.</source>
        <translation>保護されたプロファイルに必要な {package} が、インストールされていないか動きません。</translation>
    </message>
    <message>
        <source>Run ./techo: it sets it up again. Nothing was changed.</source>
        <translation>./techo を実行してください。もう一度用意されます。何も変更していません。</translation>
    </message>
    <message>
        <source>Not everything of the profile could be carried over.</source>
        <translation>プロファイルの一部を移せませんでした。</translation>
    </message>
    <message>
        <source>Nothing was changed. Try again.</source>
        <translation>何も変更していません。もう一度試してください。</translation>
    </message>
    <message>
        <source>The encrypted file {file} was changed by somebody else, or is damaged.</source>
        <translation>暗号化されたファイル {file} が、ほかの誰かに書き換えられたか、壊れています。</translation>
    </message>
    <message>
        <source>Use an export of the profile, or a backup of its folder. Nothing was changed.</source>
        <translation>書き出しておいたファイルか、フォルダーのバックアップを使ってください。何も変更していません。</translation>
    </message>
    <message>
        <source>What this profile has learned belongs to another language model.</source>
        <translation>このプロファイルが学習した内容は、別の言語モデルのものです。</translation>
    </message>
    <message>
        <source>“Learn anew” in the Memory menu reads its journal once more, and nothing is lost. Or choose the model it was used with.</source>
        <translation>「記憶」メニューの「学び直す」で記録を読み直せます。失われるものはありません。使っていたモデルに戻すこともできます。</translation>
    </message>
    <message>
        <source>What this profile has learned belongs to another version of the memory.</source>
        <translation>このプロファイルが学習した内容は、別の版の記憶のものです。</translation>
    </message>
    <message>
        <source>“Learn anew” in the Memory menu reads its journal once more, and nothing is lost.</source>
        <translation>「記憶」メニューの「学び直す」で記録を読み直せます。失われるものはありません。</translation>
    </message>
    <message>
        <source>What this profile has learned belongs to another language model and its memory.</source>
        <translation>このプロファイルが学習した内容は、別の言語モデルとその記憶のものです。</translation>
    </message>
    <message>
        <source>What is in this file was learned with another language model or another version of the memory.</source>
        <translation>このファイルの内容は、別の言語モデルか別の版の記憶で学習されたものです。</translation>
    </message>
    <message>
        <source>Import it with the model that it was exported with. Nothing was imported.</source>
        <translation>書き出したときのモデルで読み込んでください。何も読み込んでいません。</translation>
    </message>
    <message>
        <source>The memory was saved by a newer Techo (format {format}).</source>
        <translation>この記憶は新しい版の Techo で保存されています（形式 {format}）。</translation>
    </message>
    <message>
        <source>Update Techo, then open the profile again. Nothing was changed.</source>
        <translation>Techo を更新してから、もう一度開いてください。何も変更していません。</translation>
    </message>
    <message>
        <source>This profile was made by a newer Techo (format {format}).</source>
        <translation>このプロファイルは新しい版の Techo で作られています（形式 {format}）。</translation>
    </message>
    <message>
        <source>This file was exported by a newer Techo (format {format}).</source>
        <translation>このファイルは新しい版の Techo で書き出されています（形式 {format}）。</translation>
    </message>
    <message>
        <source>Update Techo, then import it again. Nothing was imported.</source>
        <translation>Techo を更新してから、もう一度読み込んでください。何も読み込んでいません。</translation>
    </message>
    <message>
        <source>This profile was protected by a newer Techo (format {format}).</source>
        <translation>このプロファイルは新しい版の Techo で保護されています（形式 {format}）。</translation>
    </message>
    <message>
        <source>The learned turn {entry} is damaged.</source>
        <translation>学習した内容 {entry} 番が壊れています。</translation>
    </message>
    <message>
        <source>Forget it in the journal, and tell it anew.</source>
        <translation>「学習の記録」で忘れさせて、もう一度話してください。</translation>
    </message>
    <message>
        <source>Nothing was learned after that moment.</source>
        <translation>その後に学習した内容はありません。</translation>
    </message>
    <message>
        <source>Choose an earlier one.</source>
        <translation>もっと前の時点を選んでください。</translation>
    </message>
    <message>
        <source>The message is too long: {length} characters of {most} at most.</source>
        <translation>発言が長すぎます（{length} 文字。{most} 文字まで）。</translation>
    </message>
    <message>
        <source>Send it in parts.</source>
        <translation>分けて送ってください。</translation>
    </message>
    <message>
        <source>The text is too large: {bytes} of {most_bytes} at most.</source>
        <translation>文が大きすぎます（{bytes}。{most_bytes} まで）。</translation>
    </message>
    <message>
        <source>This is no file that Techo has exported.</source>
        <translation>Techo が書き出したファイルではありません。</translation>
    </message>
    <message>
        <source>Choose one that it has. Nothing was imported.</source>
        <translation>Techo が書き出したファイルを選んでください。何も読み込んでいません。</translation>
    </message>
    <message>
        <source>This file was changed or damaged after Techo exported it.</source>
        <translation>このファイルは、書き出した後で変更されたか壊れています。</translation>
    </message>
    <message>
        <source>Export the profile again, and copy the whole file. Nothing was imported.</source>
        <translation>もう一度プロファイルを書き出して、ファイル全体を写してください。何も読み込んでいません。</translation>
    </message>
    <message>
        <source>This file is a protected profile.</source>
        <translation>このファイルは保護されたプロファイルです。</translation>
    </message>
    <message>
        <source>Type the passphrase that the profile had when it was exported.</source>
        <translation>書き出したときのパスフレーズを入力してください。</translation>
    </message>
    <message>
        <source>{path} is inside Techo&apos;s own folder.</source>
        <translation>{path} は Techo 自身のフォルダーの中です。</translation>
    </message>
    <message>
        <source>Choose another folder.</source>
        <translation>別のフォルダーを選んでください。</translation>
    </message>
    <message>
        <source>The profile is too large for one file.</source>
        <translation>プロファイルが大きすぎて、一つのファイルに収まりません。</translation>
    </message>
    <message>
        <source>Copy its folder instead, or delete old conversations.</source>
        <translation>フォルダーごと写すか、古い会話を削除してください。</translation>
    </message>
    <message>
        <source>llama.cpp, which runs the language model, cannot be loaded.</source>
        <translation>言語モデルを動かす llama.cpp を読み込めません。</translation>
    </message>
    <message>
        <source>Run ./techo: it sets it up again.</source>
        <translation>./techo を実行すると、準備し直します。</translation>
    </message>
    <message>
        <source>The memory&apos;s weights ({file}) cannot be read.</source>
        <translation>記憶の重み（{file}）を読めません。</translation>
    </message>
    <message>
        <source>Install Techo again.</source>
        <translation>Techo をもう一度インストールしてください。</translation>
    </message>
    <message>
        <source>The memory&apos;s weights ({file}) were made for neither {model} nor Techo&apos;s own model.</source>
        <translation>記憶の重み（{file}）は、{model} のものでも Techo 付属のモデルのものでもありません。</translation>
    </message>
    <message>
        <source>Use the weights that come with Techo.</source>
        <translation>Techo に付属の重みを使ってください。</translation>
    </message>
    <message>
        <source>The model {path} cannot be opened.</source>
        <translation>モデル {path} を開けません。</translation>
    </message>
    <message>
        <source>See whether it is still there, and whether you may read it.</source>
        <translation>まだそこにあるか、読む許可があるかを確かめてください。</translation>
    </message>
    <message>
        <source>{path} cannot be read.</source>
        <translation>{path} を読めません。</translation>
    </message>
    <message>
        <source>{path}: the file is empty.</source>
        <translation>{path}：空のファイルです。</translation>
    </message>
    <message>
        <source>The download was not complete: fetch it again.</source>
        <translation>ダウンロードが途中で終わっています。もう一度ダウンロードしてください。</translation>
    </message>
    <message>
        <source>{path}: the file is cut off.</source>
        <translation>{path}：ファイルが途中で切れています。</translation>
    </message>
    <message>
        <source>The download was not complete, or the file is damaged: fetch it again.</source>
        <translation>ダウンロードが途中で終わったか、壊れています。もう一度ダウンロードしてください。</translation>
    </message>
    <message>
        <source>{path}: this is not a GGUF file.</source>
        <translation>{path}：GGUF ファイルではありません。</translation>
    </message>
    <message>
        <source>Choose a file that ends in .gguf.</source>
        <translation>名前が .gguf で終わるファイルを選んでください。</translation>
    </message>
    <message>
        <source>{path}: it is in an old format that is not read any more.</source>
        <translation>{path}：もう読み込めない古い形式です。</translation>
    </message>
    <message>
        <source>Look for a newer file of the same model; of ternary models one in TQ1_0 or TQ2_0.</source>
        <translation>同じモデルの新しいファイルを探してください。三値モデルなら TQ1_0 か TQ2_0 のものです。</translation>
    </message>
    <message>
        <source>{path}: it is in a format that is not known here.</source>
        <translation>{path}：知らない形式です。</translation>
    </message>
    <message>
        <source>It is damaged, or made for a newer program: update Techo, or choose another file.</source>
        <translation>壊れているか、新しいプログラム用です。Techo を更新するか、別のファイルを選んでください。</translation>
    </message>
    <message>
        <source>{path}: it was made for a computer of another kind (big-endian).</source>
        <translation>{path}：別の種類のコンピューター（ビッグエンディアン）用です。</translation>
    </message>
    <message>
        <source>Look for the ordinary file of the same model; nearly all are.</source>
        <translation>同じモデルの通常のファイルを探してください。</translation>
    </message>
    <message>
        <source>{path}: what the file says of itself cannot be. It is damaged, or made to do harm.</source>
        <translation>{path}：ファイルの記述に矛盾があります。壊れているか、悪意のあるファイルです。</translation>
    </message>
    <message>
        <source>Download it again, from a source you trust, or choose another file.</source>
        <translation>信頼できる所からダウンロードし直すか、別のファイルを選んでください。</translation>
    </message>
    <message>
        <source>{path}: this is a part or an aid of a model, and no model that writes.</source>
        <translation>{path}：モデルの部品や補助であり、文を書くモデルではありません。</translation>
    </message>
    <message>
        <source>Choose the GGUF file of a whole language model.</source>
        <translation>言語モデル全体の GGUF ファイルを選んでください。</translation>
    </message>
    <message>
        <source>{path}: this is part {part} of {parts} of a model.</source>
        <translation>{path}：{parts} 個に分かれたモデルの {part} 番目です。</translation>
    </message>
    <message>
        <source>Join the parts with llama.cpp&apos;s llama-gguf-split --merge, and choose the joined file.</source>
        <translation>llama.cpp の llama-gguf-split --merge で一つにしてから選んでください。</translation>
    </message>
    <message>
        <source>{path}: this is a vocabulary without weights.</source>
        <translation>{path}：重みのない語彙だけのファイルです。</translation>
    </message>
    <message>
        <source>llama.cpp cannot load {file}.</source>
        <translation>llama.cpp は {file} を読み込めません。</translation>
    </message>
    <message>
        <source>The file may be cut off, or of a kind that is not known.</source>
        <translation>途中で切れているか、知らない種類のファイルかもしれません。</translation>
    </message>
    <message>
        <source>This address cannot be used.</source>
        <translation>このアドレスは使えません。</translation>
    </message>
    <message>
        <source>Copy the address of the file itself (http or https, without a password).</source>
        <translation>ファイルそのもののアドレス（http か https、パスワードなし）を写してください。</translation>
    </message>
    <message>
        <source>The checksum is no SHA-256: 64 hexadecimal digits.</source>
        <translation>チェックサムが SHA-256（16 進数 64 桁）ではありません。</translation>
    </message>
    <message>
        <source>Check it, or leave it out.</source>
        <translation>確かめるか、空にしてください。</translation>
    </message>
    <message>
        <source>{path} is there already.</source>
        <translation>{path} はすでにあります。</translation>
    </message>
    <message>
        <source>Choose another name, or remove that file first.</source>
        <translation>別の名前にするか、先にそのファイルを削除してください。</translation>
    </message>
    <message>
        <source>The disk became full.</source>
        <translation>ディスクがいっぱいになりました。</translation>
    </message>
    <message>
        <source>Free some space. What has arrived is kept: the next try goes on there.</source>
        <translation>空きを作ってください。届いた分は残っているので、次は続きから始まります。</translation>
    </message>
    <message>
        <source>There is not enough room: {need_bytes} are still to come, and {free_bytes} are free.</source>
        <translation>空きが足りません。残り {need_bytes} に対し、空きは {free_bytes} です。</translation>
    </message>
    <message>
        <source>Free some space, or choose a folder on another disk. What has arrived is kept.</source>
        <translation>空きを作るか、別のディスクのフォルダーを選んでください。届いた分は残っています。</translation>
    </message>
    <message>
        <source>{path} cannot be written.</source>
        <translation>{path} に書き込めません。</translation>
    </message>
    <message>
        <source>See whether the folder is there, and whether you may write there.</source>
        <translation>フォルダーがあるか、書き込めるかを確かめてください。</translation>
    </message>
    <message>
        <source>{file} is being downloaded already.</source>
        <translation>{file} はすでにダウンロード中です。</translation>
    </message>
    <message>
        <source>Wait for it, or cancel it.</source>
        <translation>終わるのを待つか、中止してください。</translation>
    </message>
    <message>
        <source>The download broke off {failures} times in a row.</source>
        <translation>ダウンロードが {failures} 回続けて途切れました。</translation>
    </message>
    <message>
        <source>Look at the network and try again later. What has arrived is kept: the next try goes on there.</source>
        <translation>ネットワークを確かめ、後でもう一度試してください。届いた分は残っているので、続きから始まります。</translation>
    </message>
    <message>
        <source>The server&apos;s certificate is not valid.</source>
        <translation>サーバーの証明書が正しくありません。</translation>
    </message>
    <message>
        <source>Somebody may be listening in. Look at this computer&apos;s clock, or try another network.</source>
        <translation>通信が盗み見られているかもしれません。コンピューターの時計を確かめるか、別のネットワークで試してください。</translation>
    </message>
    <message>
        <source>The server sends from one address to the next without end.</source>
        <translation>サーバーがいつまでも別のアドレスへ回します。</translation>
    </message>
    <message>
        <source>Try another address.</source>
        <translation>別のアドレスを試してください。</translation>
    </message>
    <message>
        <source>The server sends from a protected address (https) to an unprotected one (http); that is refused.</source>
        <translation>サーバーが保護されたアドレス（https）から保護のないもの（http）へ回したため、中止しました。</translation>
    </message>
    <message>
        <source>Look for the file in another place.</source>
        <translation>別の所で探してください。</translation>
    </message>
    <message>
        <source>What the server sends is not the file that was asked for.</source>
        <translation>サーバーが送ってくるのは、求めたファイルではありません。</translation>
    </message>
    <message>
        <source>The server does not say how long the file is, so nobody could tell whether all of it came.</source>
        <translation>サーバーがファイルの長さを知らせないため、全部届いたか確かめられません。</translation>
    </message>
    <message>
        <source>Give its checksum (SHA-256), or look for another source.</source>
        <translation>チェックサム（SHA-256）を入れるか、別の所で探してください。</translation>
    </message>
    <message>
        <source>The server refused ({status}).</source>
        <translation>サーバーに断られました（{status}）。</translation>
    </message>
    <message>
        <source>Check the address.</source>
        <translation>アドレスを確かめてください。</translation>
    </message>
    <message>
        <source>The file is not public, or its licence has to be accepted there first ({status}).</source>
        <translation>公開されていないか、先に利用許諾への同意が必要なファイルです（{status}）。</translation>
    </message>
    <message>
        <source>Look for another source.</source>
        <translation>別の所で探してください。</translation>
    </message>
    <message>
        <source>There is no such file at this address ({status}).</source>
        <translation>このアドレスにファイルがありません（{status}）。</translation>
    </message>
    <message>
        <source>Check the address; the file may have moved.</source>
        <translation>アドレスを確かめてください。移動したのかもしれません。</translation>
    </message>
    <message>
        <source>The file&apos;s checksum is not the expected one; it was removed.</source>
        <translation>ファイルのチェックサムが合わないため、削除しました。</translation>
    </message>
    <message>
        <source>It was damaged on the way, or is another file. Download it again, or from another source.</source>
        <translation>途中で壊れたか、別のファイルです。もう一度、または別の所からダウンロードしてください。</translation>
    </message>
    <message>
        <source>This is a folder.</source>
        <translation>これはフォルダーです。</translation>
    </message>
    <message>
        <source>Choose the files in it that are to be read.</source>
        <translation>読ませるファイルを中から選んでください。</translation>
    </message>
    <message>
        <source>This file holds no text, whatever its name says.</source>
        <translation>名前はどうあれ、このファイルの中身は文書ではありません。</translation>
    </message>
    <message>
        <source>Choose a text, Markdown or PDF file.</source>
        <translation>テキスト、Markdown、PDF のファイルを選んでください。</translation>
    </message>
    <message>
        <source>This file has {bytes}; {most_bytes} at most can be read.</source>
        <translation>このファイルは {bytes} あります。読めるのは {most_bytes} までです。</translation>
    </message>
    <message>
        <source>Split it, and have the parts read that matter.</source>
        <translation>分割して、大事な部分を読ませてください。</translation>
    </message>
    <message>
        <source>This document has more than {most} passages.</source>
        <translation>この文書は {most} 節を超えています。</translation>
    </message>
    <message>
        <source>The memory is small. Have the part read that matters.</source>
        <translation>記憶は小さいので、大事な部分だけを読ませてください。</translation>
    </message>
    <message>
        <source>This PDF has {pages} pages; {most} at most can be read.</source>
        <translation>この PDF は {pages} ページあります。読めるのは {most} ページまでです。</translation>
    </message>
    <message>
        <source>This PDF holds more than {most} letters of text.</source>
        <translation>この PDF の本文は {most} 文字を超えています。</translation>
    </message>
    <message>
        <source>Reading this file takes too long, or too much memory.</source>
        <translation>このファイルを読むには、時間かメモリーがかかりすぎます。</translation>
    </message>
    <message>
        <source>Save a simpler copy, or only the pages that matter.</source>
        <translation>もっと簡単な形で、または大事なページだけを保存し直してください。</translation>
    </message>
</context>
<context>
    <name>SearchBox</name>
    <message>
        <source>Search chats</source>
        <translation>チャットを検索</translation>
    </message>
    <message>
        <source>Search all chats of this profile</source>
        <translation>このプロファイルのすべてのチャットを検索</translation>
    </message>
    <message>
        <source>Search everything that was said (Ctrl+F)</source>
        <translation>話した内容をすべて検索 (Ctrl+F)</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>検索を消す</translation>
    </message>
</context>
<context>
    <name>SearchResults</name>
    <message>
        <source>Found in your chats</source>
        <translation>チャットの検索結果</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>検索しています…</translation>
    </message>
    <message>
        <source>Nothing was found for “{query}”.</source>
        <translation>「{query}」は見つかりませんでした。</translation>
    </message>
    <message>
        <source>The chats could not be searched just now.</source>
        <translation>今はチャットを検索できませんでした。</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>設定</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>言語(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>テーマ(&amp;T)</translation>
    </message>
    <message>
        <source>Size of &amp;text</source>
        <translation>文字の大きさ(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Key for everywhere</source>
        <translation>どこからでも呼び出すキー(&amp;K)</translation>
    </message>
    <message>
        <source>As the system has it</source>
        <translation>システムに合わせる</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>ライト</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>ダーク</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>ハイコントラスト</translation>
    </message>
    <message>
        <source>Show the &amp;memory panel</source>
        <translation>記憶パネルを表示(&amp;M)</translation>
    </message>
    <message>
        <source>Show the memory panel</source>
        <translation>記憶パネルを表示</translation>
    </message>
    <message>
        <source>&amp;Closing the window leaves Techo in the system tray</source>
        <translation>ウィンドウを閉じてもシステムトレイに残す(&amp;C)</translation>
    </message>
    <message>
        <source>This computer has no font with Japanese characters. Install one, such as Noto Sans CJK.</source>
        <translation>このコンピューターには日本語のフォントがありません。Noto Sans CJK などを入れてください。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
    <message>
        <source>{percent} %</source>
        <translation>{percent}%</translation>
    </message>
</context>
<context>
    <name>ShortcutRow</name>
    <message>
        <source>Give the key back</source>
        <translation>キーを手放す</translation>
    </message>
    <message>
        <source>Choose a key…</source>
        <translation>キーを選ぶ…</translation>
    </message>
    <message>
        <source>Command that brings Techo forward</source>
        <translation>Techo を手前に出すコマンド</translation>
    </message>
    <message>
        <source>Brings Techo forward from any program.</source>
        <translation>どのプログラムからでも Techo を手前に出します。</translation>
    </message>
    <message>
        <source>Your desktop asks you for the key now.</source>
        <translation>いま、デスクトップがキーを尋ねています。</translation>
    </message>
    <message>
        <source>No key was chosen.</source>
        <translation>キーは選ばれませんでした。</translation>
    </message>
    <message>
        <source>{key} brings Techo forward from any program.</source>
        <translation>{key} で、どのプログラムからでも Techo を手前に出します。</translation>
    </message>
    <message>
        <source>A key</source>
        <translation>選んだキー</translation>
    </message>
    <message>
        <source>To bring Techo forward from any program, give this command a key in your system:</source>
        <translation>システムの設定で、このコマンドにキーを割り当てます：</translation>
    </message>
    <message>
        <source>Bring Techo forward</source>
        <translation>Techo を手前に出す</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>キーボードショートカット</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>閉じる</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>No profile</source>
        <translation>プロファイルなし</translation>
    </message>
    <message>
        <source>Profile: {name}</source>
        <translation>プロファイル: {name}</translation>
    </message>
    <message>
        <source>Switch, make, change or delete profiles</source>
        <translation>プロファイルの切り替え、作成、変更、削除</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新しいチャット</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>State of the engine</source>
        <translation>エンジンの状態</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>起動し直す</translation>
    </message>
    <message>
        <source>Start the engine again</source>
        <translation>エンジンを起動し直す</translation>
    </message>
    <message>
        <source>{window} tokens in the KV window</source>
        <translation>KV ウィンドウは {window} トークン</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>読んでいます…</translation>
    </message>
    <message>
        <source>Answering…</source>
        <translation>答えています…</translation>
    </message>
    <message>
        <source>Busy…</source>
        <translation>処理しています…</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>準備完了</translation>
    </message>
    <message>
        <source>Starting the engine…</source>
        <translation>エンジンを起動しています…</translation>
    </message>
    <message>
        <source>The engine could not begin.</source>
        <translation>エンジンを始められませんでした。</translation>
    </message>
    <message>
        <source>The engine stopped unexpectedly. It is started again…</source>
        <translation>エンジンが予期せず止まりました。起動し直します…</translation>
    </message>
    <message>
        <source>The engine stopped unexpectedly and is starting again…</source>
        <translation>エンジンが予期せず止まり、起動し直しています…</translation>
    </message>
    <message>
        <source>The engine keeps stopping.</source>
        <translation>エンジンが繰り返し止まります。</translation>
    </message>
    <message>
        <source>Saving and closing…</source>
        <translation>保存して終了しています…</translation>
    </message>
    <message>
        <source>The engine is not running.</source>
        <translation>エンジンは動いていません。</translation>
    </message>
    <message>
        <source>Changing the language model…</source>
        <translation>言語モデルを切り替えています…</translation>
    </message>
</context>
<context>
    <name>TimelineDialog</name>
    <message numerus="yes">
        <source>%Ln earlier lessons have been forgotten. Going back does not bring them back.</source>
        <translation>
            <numerusform>それより前に覚えた %Ln 件は、すでに忘れています。戻っても思い出しません。</numerusform>
        </translation>
    </message>
    <message>
        <source>Nothing learned yet.</source>
        <translation>まだ何も覚えていません。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln lessons</source>
        <translation>
            <numerusform>%Ln 件</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>on %Ln days</source>
        <translation>
            <numerusform>%Ln 日間</numerusform>
        </translation>
    </message>
    <message>
        <source>{lessons} {days} are known now.</source>
        <translation>{days}に覚えた {lessons}を、今も覚えています。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln were forgotten.</source>
        <translation>
            <numerusform>%Ln 件は忘れました。</numerusform>
        </translation>
    </message>
    <message>
        <source>Now</source>
        <translation>今</translation>
    </message>
    <message>
        <source>At its beginning</source>
        <translation>はじまり</translation>
    </message>
    <message>
        <source>After what was learned at {time}</source>
        <translation>{time} に覚えたところまで</translation>
    </message>
    <message>
        <source>Choose a day above, or a lesson: then you see what has come since.</source>
        <translation>上の日付か、覚えたことを一つ選ぶと、そのあとに増えたものがわかります。</translation>
    </message>
    <message>
        <source>Comparing…</source>
        <translation>比べています…</translation>
    </message>
    <message>
        <source>“{text}”</source>
        <translation>「{text}」</translation>
    </message>
    <message numerus="yes">
        <source>and %Ln more</source>
        <translation>
            <numerusform>ほか %Ln 件</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln lessons since, which going back forgets:</source>
        <translation>
            <numerusform>そのあとに覚えた %Ln 件（戻ると忘れます）:</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln messages are taken out of the conversations as well.</source>
        <translation>
            <numerusform>元のメッセージと返事、合わせて %Ln 件も会話から取り除きます。</numerusform>
        </translation>
    </message>
    <message>
        <source>The messages stay in the conversations.</source>
        <translation>元のメッセージは会話に残ります。</translation>
    </message>
    <message>
        <source>The memory of now is kept as the profile “{name}”.</source>
        <translation>今の記憶は、プロファイル「{name}」として残します。</translation>
    </message>
    <message>
        <source>This cannot be undone.</source>
        <translation>元に戻すことはできません。</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>戻る</translation>
    </message>
    <message numerus="yes">
        <source>Forget %Ln lessons, and go back to the memory of that moment?</source>
        <translation>
            <numerusform>%Ln 件を忘れて、そのときの記憶に戻りますか？</numerusform>
        </translation>
    </message>
    <message>
        <source>{name}, {day}</source>
        <translation>{name} {day}</translation>
    </message>
    <message>
        <source>The life of the memory</source>
        <translation>記憶のあゆみ</translation>
    </message>
    <message>
        <source>Lessons by day. Left and right choose the moment.</source>
        <translation>日ごとに覚えた件数。左右の矢印キーで時点を選びます。</translation>
    </message>
    <message>
        <source>Lessons, newest first. Choosing one goes to the moment after it.</source>
        <translation>覚えたこと（新しい順）。選ぶと、それを覚えた直後の時点になります。</translation>
    </message>
    <message>
        <source>Moment</source>
        <translation>時点</translation>
    </message>
    <message>
        <source>The end of yesterday</source>
        <translation>昨日の終わり</translation>
    </message>
    <message>
        <source>A week ago</source>
        <translation>1 週間前</translation>
    </message>
    <message>
        <source>A month ago</source>
        <translation>1 か月前</translation>
    </message>
    <message>
        <source>Go to…</source>
        <translation>時点を選ぶ…</translation>
    </message>
    <message>
        <source>Lessons</source>
        <translation>覚えた発言</translation>
    </message>
    <message>
        <source>Neurons in use</source>
        <translation>使用中のニューロン</translation>
    </message>
    <message>
        <source>then</source>
        <translation>当時</translation>
    </message>
    <message>
        <source>now</source>
        <translation>今</translation>
    </message>
    <message>
        <source>Keep the memory of now as a profile of its own</source>
        <translation>今の記憶を、別のプロファイルとして残す</translation>
    </message>
    <message>
        <source>Also take the messages out of the conversations</source>
        <translation>元のメッセージも会話から取り除く</translation>
    </message>
    <message>
        <source>Go back…</source>
        <translation>戻る…</translation>
    </message>
</context>
<context>
    <name>Tour</name>
    <message>
        <source>{step} of {steps}</source>
        <translation>{step} / {steps}</translation>
    </message>
    <message>
        <source>Skip the tour</source>
        <translation>案内を飛ばす</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>戻る</translation>
    </message>
    <message>
        <source>Begin</source>
        <translation>始める</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>次へ</translation>
    </message>
    <message>
        <source>Tour of the window</source>
        <translation>画面の案内</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Techo</source>
        <translation>Techo</translation>
    </message>
    <message>
        <source>&amp;Show Techo</source>
        <translation>Techo を表示(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;New chat</source>
        <translation>新しいチャット(&amp;N)</translation>
    </message>
    <message>
        <source>New &amp;temporary chat</source>
        <translation>一時的なチャット(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>終了(&amp;Q)</translation>
    </message>
    <message>
        <source>Techo is still here. To end it, choose Quit in this menu.</source>
        <translation>Techo はここで動いています。終了するには、このメニューの「終了」を選んでください。</translation>
    </message>
</context>
<context>
    <name>_Titles</name>
    <message>
        <source>Title of the chat</source>
        <translation>チャットの題名</translation>
    </message>
</context>
</TS>
